//! The recording format as its specification has it: golden recordings stay readable, the schema knows every field.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use finspect::event::{Event, EventKind};
use finspect::recording::{Header, Item, Source, Version, Writer, recordings};
use serde_json::{Map, Value, json};

const SCHEMA: &str = include_str!("../../docs/recording.schema.json");
const DOCUMENT: &str = include_str!("../../docs/recording-format.md");

/// The recordings of every version that was ever released, and of this one.
fn golden() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        // Folders of versions have their numbers; what else is there belongs to other tests.
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name.starts_with(|first: char| first.is_ascii_digit()) {
            let all = recordings(&path).unwrap();
            found.extend(all.into_iter().map(|one| one.path().to_owned()));
        }
    }
    found.sort();
    assert!(found.len() >= 5, "{found:?}");
    found
}

/// Events of all parts; nothing may be wrong with them.
fn read(path: &Path) -> (Header, Vec<Event>) {
    let mut source = Source::open(path).unwrap();
    let header = source.header().clone();
    let mut events = Vec::new();
    while let Some(item) = source.advance() {
        match item {
            Item::Event(event) => events.push(*event),
            Item::Trouble(trouble) => panic!("{}: {trouble}", path.display()),
        }
    }
    assert!(source.ended(), "{}", path.display());
    (header, events)
}

/// The lines of every file, compressed ones included.
fn lines() -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for recording in golden() {
        let folder = recording.parent().unwrap();
        let all = recordings(folder).unwrap();
        let parts = all.into_iter().find(|one| one.path() == recording).unwrap();
        for path in parts.parts.into_values() {
            let bytes = fs::read(&path).unwrap();
            let text = if path.extension().is_some_and(|ending| ending == "zst") {
                zstd::decode_all(Cursor::new(bytes)).unwrap()
            } else {
                bytes
            };
            let text = String::from_utf8(text).unwrap();
            let numbered = text.lines().enumerate();
            lines.extend(numbered.map(|(at, line)| {
                let place = format!("{}:{}", path.display(), at + 1);
                (place, line.to_owned())
            }));
        }
    }
    lines
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// What the published schema leaves open for later versions is closed: fields and variants that it does not list.
pub(crate) fn strict(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            if let Some(variants) = object.remove("examples") {
                let closed = json!({"not": {"type": "string"}});
                object.insert("anyOf".to_owned(), json!([{"enum": variants}, closed]));
            } else if object.contains_key("minProperties") {
                object.insert("type".to_owned(), json!("object"));
            }
            object.values_mut().for_each(strict);
        }
        Value::Array(values) => values.iter_mut().for_each(strict),
        _ => {}
    }
}

#[test]
fn every_golden_line_is_what_the_schema_says_and_nothing_more() {
    let published = jsonschema::draft202012::new(&schema()).unwrap();
    let mut closed = schema();
    strict(&mut closed);
    let closed = jsonschema::draft202012::new(&closed).unwrap();
    for (place, line) in lines() {
        let line: Value = serde_json::from_str(&line).unwrap();
        for schema in [&published, &closed] {
            let wrong: Vec<_> = schema.iter_errors(&line).map(|e| e.to_string()).collect();
            assert!(wrong.is_empty(), "{place}: {wrong:?}");
        }
    }
}

#[test]
fn a_field_or_a_variant_that_the_schema_lacks_is_found() {
    let mut closed = schema();
    strict(&mut closed);
    let closed = jsonschema::draft202012::new(&closed).unwrap();
    let published = jsonschema::draft202012::new(&schema()).unwrap();
    let of = |kind: Value| json!({"number": 1, "time": {"arrived": 0}, "kind": kind});
    let listening = json!({"listening": {"address": "127.0.0.1:1", "mood": "good"}});
    let later = [
        of(json!({"telepathy": {}})),
        of(json!({"protocol": "smoke-signals"})),
        of(listening),
    ];
    for line in later {
        assert!(published.is_valid(&line), "a later minor version: {line}");
        assert!(!closed.is_valid(&line), "not of this version: {line}");
    }
    for line in [json!({}), of(json!({})), of(json!({"listening": {}}))] {
        assert!(!published.is_valid(&line), "of no version: {line}");
    }
}

#[test]
fn the_schema_has_every_kind_and_nothing_that_is_never_written() {
    let schema = schema();
    let kinds = schema["$defs"]["EventKind"]["properties"]
        .as_object()
        .unwrap();
    let names = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    };
    let known: BTreeSet<String> = kinds.keys().cloned().collect();
    assert_eq!(known, names(EventKind::NAMES));
    let mut written = BTreeSet::new();
    for (_, line) in lines() {
        words_of(&serde_json::from_str(&line).unwrap(), &mut written);
    }
    let mut declared = BTreeSet::new();
    declared_by(&schema["$defs"], &mut declared);
    // What the source is when nothing is said.
    declared.remove("live");
    let never: Vec<_> = declared.difference(&written).collect();
    assert!(never.is_empty(), "no golden recording has {never:?}");
}

/// Keys and strings of a line.
fn words_of(line: &Value, words: &mut BTreeSet<String>) {
    match line {
        Value::Object(object) => {
            words.extend(object.keys().cloned());
            object.values().for_each(|value| words_of(value, words));
        }
        Value::Array(values) => values.iter().for_each(|value| words_of(value, words)),
        Value::String(text) => {
            words.insert(text.clone());
        }
        _ => {}
    }
}

/// Fields and variants that the schema lists.
fn declared_by(schema: &Value, words: &mut BTreeSet<String>) {
    let Value::Object(object) = schema else {
        return;
    };
    if let Some(Value::Object(properties)) = object.get("properties") {
        words.extend(properties.keys().cloned());
    }
    if let Some(Value::Array(variants)) = object.get("examples") {
        let names = variants.iter().filter_map(Value::as_str);
        words.extend(names.map(ToOwned::to_owned));
    }
    let inner: Vec<&Map<String, Value>> = object.values().filter_map(Value::as_object).collect();
    for one in inner {
        declared_by(&Value::Object(one.clone()), words);
    }
}

#[test]
fn every_golden_recording_reads_to_its_end_and_is_the_same_when_written_again() {
    for path in golden() {
        let (header, events) = read(&path);
        assert!(header.version <= Version::CURRENT, "{}", path.display());
        let mut writer = Writer::new(Vec::new(), &header).unwrap();
        for event in &events {
            writer.event(event).unwrap();
        }
        let written = writer.finish().unwrap();
        let again = Source::over(Cursor::new(written), path.clone(), [].into()).unwrap();
        assert_eq!(drain(again), events, "{}", path.display());
    }
}

fn drain(mut source: Source) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(item) = source.advance() {
        match item {
            Item::Event(event) => events.push(*event),
            Item::Trouble(trouble) => panic!("{trouble}"),
        }
    }
    events
}

#[test]
fn this_versions_golden_lines_are_written_byte_for_byte_as_they_stand() {
    let folder = format!("golden/{}/", Version::CURRENT);
    let mut compared = 0;
    for (place, line) in lines() {
        if !place.replace('\\', "/").contains(&folder) {
            continue;
        }
        let mut again = Vec::new();
        if place.ends_with(":1") {
            let header = Header::parse(line.as_bytes()).unwrap();
            finspect::recording::encode(&header, &mut again);
        } else {
            let event: Event = serde_json::from_str(&line).unwrap();
            finspect::recording::encode(&event, &mut again);
        }
        assert_eq!(String::from_utf8(again).unwrap(), line + "\n", "{place}");
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn the_document_has_every_kind_and_every_field_of_the_schema() {
    let mut declared = BTreeSet::new();
    declared_by(&schema()["$defs"], &mut declared);
    let missing: Vec<_> = declared
        .iter()
        .filter(|name| !DOCUMENT.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "docs/recording-format.md: {missing:?}");
}

#[test]
fn the_example_lines_of_the_document_are_events() {
    let published = jsonschema::draft202012::new(&schema()).unwrap();
    let mut examples = 0;
    for line in DOCUMENT.lines().filter(|line| line.starts_with("{\"")) {
        let value: Value = serde_json::from_str(line).unwrap();
        assert!(published.is_valid(&value), "{line}");
        let read = if value.get("format").is_some() {
            Header::parse(line.as_bytes()).map(drop).is_ok()
        } else {
            serde_json::from_str::<Event>(line).is_ok()
        };
        assert!(read, "{line}");
        examples += 1;
    }
    assert!(
        examples >= 7,
        "{examples}: the header, and one of each group"
    );
}
