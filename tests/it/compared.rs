//! What `finspect diagnose` says of recordings of several agents, and of those that a browser's file was made into.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::diagnose::{causes, report, told};
use super::show::{finspect, text};

/// A golden recording of a cause, unpacked.
fn cause(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join(format!("tests/golden/causes/{name}.jsonl.zst"));
    let packed = fs::read(path).unwrap();
    text(&zstd::decode_all(packed.as_slice()).unwrap())
}

/// When a recording began, on its machine's clock, in microseconds.
fn wall_clock(recording: &str) -> i64 {
    let header: Value = serde_json::from_str(recording.lines().next().unwrap()).unwrap();
    header["session"]["wall-clock"].as_i64().unwrap()
}

/// The same, of another agent, on a machine whose clock shows this at its beginning.
fn of_agent(recording: &str, agent: &str, began: i64) -> String {
    let was = wall_clock(recording).to_string();
    let recording = recording.replace(&was, &began.to_string());
    recording.replace("1001002", agent)
}

/// The same, without the times that the server told: nothing says then that a clock is wrong.
fn undated(recording: &str) -> String {
    recording.replace("\"name\":\"Date\"", "\"name\":\"X-Date\"")
}

fn write(folder: &TempDir, name: &str, recording: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, recording).unwrap();
    path
}

/// The report of several recordings, and its text on one line.
fn compared(paths: &[PathBuf]) -> (Value, String) {
    let (first, others) = paths.split_first().unwrap();
    let others: Vec<&str> = others.iter().map(|path| path.to_str().unwrap()).collect();
    let (text, _) = told(first, &others);
    let words: Vec<&str> = text.split_whitespace().collect();
    (report(first, &others), words.join(" "))
}

#[test]
fn all_agents_at_the_same_second_point_to_the_server() {
    let folder = TempDir::new().unwrap();
    let recording = cause("service-restart");
    let began = wall_clock(&recording);
    // The second machine's clock is seven seconds ahead, as the server's own times show.
    let machines = [("1001002", 0), ("1001003", 7_000_000), ("1001004", 0)];
    let paths = machines.map(|(agent, ahead)| {
        let name = format!("{agent}.jsonl");
        write(&folder, &name, &of_agent(&recording, agent, began + ahead))
    });
    let (report, text) = compared(&paths);

    let restarts = causes(&report).into_iter();
    assert_eq!(
        restarts.filter(|cause| *cause == "service-restart").count(),
        3
    );
    let moved = |place: usize| report["recordings"][place]["moved"].as_i64().unwrap_or(0);
    assert!(
        (-8_000..=-6_000).contains(&(moved(1) - moved(0))),
        "{report:#}"
    );
    assert_eq!(moved(0), moved(2));
    assert_eq!(
        report["together"].as_array().unwrap().len(),
        1,
        "{report:#}"
    );
    let together = &report["together"][0];
    assert_eq!(together["connected"], 3);
    assert_eq!(together["incidents"].as_array().unwrap().len(), 3);
    let says = together["says"].as_str().unwrap();
    assert!(says.starts_with("All 3 agents"), "{says}");
    for part in [
        "It is one of 3 incidents of 3 agents, each of them",
        "Together: incidents 1, ",
        "look at the server",
        "its clock was moved back by ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn one_agent_of_three_points_to_that_agents_side() {
    let folder = TempDir::new().unwrap();
    let cut = undated(&cause("connection-cut"));
    let healthy = undated(&cause("healthy.busy"));
    let began = wall_clock(&cut);
    let paths = [
        write(&folder, "cut.jsonl", &cut),
        write(&folder, "well.jsonl", &of_agent(&healthy, "1001003", began)),
        write(&folder, "fine.jsonl", &of_agent(&healthy, "1001004", began)),
    ];
    let (report, text) = compared(&paths);

    assert_eq!(
        causes(&report),
        ["connection-cut", "signed-out", "signed-out", "signed-out"]
    );
    assert!(report["recordings"][0].get("moved").is_none(), "{report:#}");
    let together = &report["together"][0];
    assert_eq!(together["connected"], 3, "{report:#}");
    assert_eq!(together["incidents"].as_array().unwrap().len(), 1);
    assert!(text.contains("One of 3 agents"), "{text}");
    assert!(text.contains("Alone: incident 1"), "{text}");
    assert!(!text.contains("clock was moved"), "{text}");
}

#[test]
fn agents_that_were_hit_at_different_times_are_not_together() {
    let folder = TempDir::new().unwrap();
    let cut = undated(&cause("connection-cut"));
    let began = wall_clock(&cut);
    let paths = [("1001002", 0), ("1001003", 3_600_000_000)].map(|(agent, later)| {
        let name = format!("{agent}.jsonl");
        write(&folder, &name, &of_agent(&cut, agent, began + later))
    });
    let (report, text) = compared(&paths);
    assert!(report.get("together").is_none(), "{report:#}");
    assert!(
        text.contains("It is one of 2 incidents of 2 agents"),
        "{text}"
    );
}

#[test]
fn a_socket_that_another_one_replaced_is_no_loss_of_service() {
    let folder = TempDir::new().unwrap();
    let path = write(&folder, "tab.jsonl", &cause("real.second-login"));
    let (text, _) = told(&path, &["--utc"]);
    let answer = "Agent 1001020 lost a socket at 17:31:01; another one had service";
    assert!(text.starts_with(answer), "{text}");
}

/// What a recording becomes by way of a HAR.
fn by_way_of_har(folder: &TempDir, name: &str) -> PathBuf {
    let path = write(folder, &format!("{name}.jsonl"), &cause(name));
    let [har, back] =
        ["har", "imported.jsonl"].map(|end| folder.path().join(format!("{name}.{end}")));
    for (verb, from, to) in [("export", &path, &har), ("import", &har, &back)] {
        let mut command = finspect();
        command.args([verb, "har"]).arg(from).arg("-o").arg(to);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    back
}

#[test]
fn by_way_of_a_har_the_cause_is_the_same_or_a_weaker_one() {
    let folder = TempDir::new().unwrap();
    for (name, cause, confidence) in [
        // Both are said on the wire, which a HAR has.
        ("service-restart", "service-restart", "certain"),
        ("second-login", "second-login", "certain"),
        // That the server's kernel was alive is in no HAR.
        ("service-stalled", "no-answer", "likely"),
    ] {
        let report = report(&by_way_of_har(&folder, name), &[]);
        let first = &report["incidents"][0]["cause"];
        assert_eq!(first["rule"], cause, "{name}: {report:#}");
        assert_eq!(first["confidence"], confidence, "{name}");
        assert_eq!(report["recordings"][0]["notes"][0]["name"], "imported");
    }
    // A HAR is of one tab, so who else signed in may be the same browser.
    let (text, _) = told(&folder.path().join("second-login.imported.jsonl"), &[]);
    assert!(!text.contains("this finspect"), "{text}");
}

#[test]
fn what_else_a_browser_did_is_no_disconnect_of_a_desktop() {
    let folder = TempDir::new().unwrap();
    let recording = folder.path().join("browser.jsonl");
    let netlog = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/net-export.json");
    let mut import = finspect();
    import.args(["import", "netlog"]).arg(netlog).arg("-o");
    assert!(import.arg(&recording).output().unwrap().status.success());
    let (text, exit) = told(&recording, &[]);
    assert_eq!(exit, Some(1));
    assert!(!text.contains("google"), "{text}");
    assert!(text.contains("This is no more than possible"), "{text}");
}
