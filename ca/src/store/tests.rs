//! What the folder holds, to whom it is open, and what two processes at once get.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::lock::Lock;
use super::*;

/// A store in a folder that does not exist yet.
fn store() -> (TempDir, Store) {
    let outer = TempDir::new().unwrap();
    let store = Store::at(&outer.path().join("deep").join("ca"));
    (outer, store)
}

fn hosts(names: &[&str]) -> Vec<Permitted> {
    names
        .iter()
        .map(|name| Permitted::parse(name).unwrap())
        .collect()
}

fn create(store: &Store) -> Authority {
    store
        .create(&hosts(&["a.example"]), SystemTime::now())
        .unwrap()
}

fn files(store: &Store) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(store.dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn an_authority_comes_back_as_it_was_made() {
    let (_outer, store) = store();
    assert!(store.load().unwrap().is_none());
    let made = create(&store);
    let loaded = Store::at(store.dir()).load().unwrap().unwrap();
    assert_eq!(loaded.fingerprint(), made.fingerprint());
    assert_eq!(loaded.permitted(), made.permitted());
    assert_eq!(loaded.not_after(), made.not_after());
    assert_eq!(loaded.certificate_pem(), made.certificate_pem());
    assert_eq!(loaded.secret_pem(), made.secret_pem());
}

#[test]
fn a_second_create_keeps_the_first_authority() {
    let (_outer, store) = store();
    let first = create(&store);
    let second = store.create(&hosts(&["b.example"]), SystemTime::now());
    assert!(matches!(second, Err(Error::Exists { dir }) if dir == store.dir()));
    assert_eq!(
        store.load().unwrap().unwrap().fingerprint(),
        first.fingerprint()
    );
}

#[test]
fn a_replacement_leaves_no_second_file_behind() {
    let (_outer, store) = store();
    let first = create(&store);
    // What a writer that was killed left must not be in the way, nor be taken for an authority.
    fs::write(store.unfinished(), "half a key").unwrap();
    let second = store
        .replace(&hosts(&["b.example"]), SystemTime::now())
        .unwrap();
    assert_ne!(first.fingerprint(), second.fingerprint());
    assert_eq!(
        store.load().unwrap().unwrap().fingerprint(),
        second.fingerprint()
    );
    assert_eq!(files(&store), [store.path(), store.dir().join("lock")]);
}

#[test]
fn readers_see_the_old_authority_or_the_new_one_and_nothing_between() {
    let (_outer, store) = store();
    create(&store);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..50 {
                store
                    .replace(&hosts(&["a.example"]), SystemTime::now())
                    .unwrap();
            }
        });
        let mut reads = 0;
        while reads < 50 || !writer.is_finished() {
            assert!(store.load().unwrap().is_some());
            reads += 1;
        }
    });
}

#[test]
fn what_is_removed_is_named_and_gone() {
    let (_outer, store) = store();
    assert_eq!(store.remove().unwrap().files, Vec::<PathBuf>::new());
    assert!(!store.dir().exists(), "removing nothing makes no folder");
    let made = create(&store);
    fs::write(store.unfinished(), "half a key").unwrap();
    let removed = store.remove().unwrap();
    assert_eq!(removed.files, [store.path(), store.unfinished()]);
    assert_eq!(removed.fingerprint, Some(made.fingerprint()));
    assert_eq!(removed.subject, Some(made.subject()));
    assert!(store.load().unwrap().is_none());
    fs::write(store.unfinished(), "half a key").unwrap();
    assert_eq!(store.remove().unwrap().files, [store.unfinished()]);
}

#[test]
fn an_authority_in_its_last_day_is_refused_but_can_be_looked_at() {
    let (_outer, store) = store();
    let made = create(&store);
    let day = Duration::from_secs(24 * 60 * 60);
    assert!(store.load_at(made.not_after() - day).is_ok());
    let late = store.load_at(made.not_after() - day + Duration::from_secs(1));
    let Err(Error::Expired {
        not_after,
        permitted,
    }) = late
    else {
        panic!("{late:?}");
    };
    assert_eq!(not_after, made.not_after());
    assert_eq!(permitted, made.permitted());
    let early = store.load_at(made.not_before() - Duration::from_secs(1));
    assert!(matches!(early, Err(Error::NotYetValid { .. })));
    assert!(store.read().unwrap().is_some());
}

#[test]
fn a_damaged_file_is_an_error_that_says_how() {
    let (_outer, store) = store();
    let first = create(&store);
    let whole = fs::read_to_string(store.path()).unwrap();
    let stranger = Authority::create(&hosts(&["a.example"]), SystemTime::now()).unwrap();
    let stranger_key = stranger
        .secret_pem()
        .replace(stranger.certificate_pem(), "");
    let wide = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (text, expected) in [
        (String::new(), Damage::NoCertificate),
        (first.certificate_pem().to_owned(), Damage::NoKey),
        (
            whole.replace(first.certificate_pem(), ""),
            Damage::NoCertificate,
        ),
        (
            whole.replace(first.certificate_pem(), wide),
            Damage::Unreadable,
        ),
        (
            format!("{}{stranger_key}", first.certificate_pem()),
            Damage::KeyMismatch,
        ),
        ("x".repeat(300_000), Damage::TooLarge),
    ] {
        fs::write(store.path(), text).unwrap();
        let damage = store.load();
        assert!(
            matches!(&damage, Err(Error::Damaged { damage, .. }) if *damage == expected),
            "{damage:?}"
        );
    }
    assert_eq!(store.remove().unwrap().fingerprint, None);
}

#[test]
fn a_root_without_constraints_is_not_loaded() {
    let (_outer, store) = store();
    create(&store);
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    let unlimited = params.self_signed(&key).unwrap();
    fs::write(store.path(), unlimited.pem() + &key.serialize_pem()).unwrap();
    let refused = store.read();
    assert!(
        matches!(
            refused,
            Err(Error::Damaged {
                damage: Damage::Unconstrained,
                ..
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn a_writer_waits_for_another_and_gives_up_with_the_locks_name() {
    let (_outer, store) = store();
    let held = store.lock().unwrap();
    let path = store.dir().join("lock");
    let refused = Store::at(store.dir()).create(&hosts(&["a.example"]), SystemTime::now());
    assert!(
        matches!(&refused, Err(Error::Locked { path: told, .. }) if *told == path),
        "{refused:?}"
    );
    thread::scope(|scope| {
        let waiting = scope.spawn(|| Lock::take(&path));
        thread::sleep(Duration::from_millis(60));
        drop(held);
        assert!(waiting.join().unwrap().is_ok());
    });
}

#[test]
fn of_many_first_runs_at_once_one_makes_the_authority() {
    let (_outer, store) = store();
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    Store::at(store.dir()).create(&hosts(&["a.example"]), SystemTime::now())
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let lost = |result: &Result<Authority, Error>| matches!(result, Err(Error::Exists { .. }));
    assert_eq!(results.iter().filter(|result| lost(result)).count(), 7);
}

#[cfg(unix)]
mod permissions {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    fn open_up(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn folder_and_files_are_the_owners_alone() {
        let (_outer, store) = store();
        create(&store);
        assert_eq!(mode(store.dir()), 0o700);
        assert_eq!(
            mode(store.dir().parent().unwrap()),
            0o700,
            "made along the way"
        );
        for file in files(&store) {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_chmod_that_helps() {
        let (_outer, store) = store();
        create(&store);
        open_up(&store.path(), 0o640);
        let error = store.load().unwrap_err().to_string();
        assert!(
            error.ends_with(&format!("run: chmod 600 '{}'", store.path().display())),
            "{error}"
        );
        assert!(error.contains("mode 0640"), "{error}");
        open_up(&store.path(), 0o400);
        assert!(store.load().unwrap().is_some(), "narrower is fine");
    }

    #[test]
    fn a_folder_that_others_can_enter_is_refused_before_a_key_is_in_it() {
        let (_outer, store) = store();
        fs::create_dir_all(store.dir()).unwrap();
        open_up(store.dir(), 0o755);
        let refused = store.create(&hosts(&["a.example"]), SystemTime::now());
        assert!(
            matches!(refused, Err(Error::TooOpen { wanted: 0o700, .. })),
            "{refused:?}"
        );
        assert_eq!(files(&store), Vec::<PathBuf>::new());
    }
}
