//! The authority on disk: one owner-only folder with one file that holds certificate and key, replaced in one step.
//!
//! Certificate and key share a file so that no crash can leave one without the other. Writers hold a lock;
//! readers need none, because a rename shows them the old file or the new one whole.

mod lock;
#[cfg_attr(unix, path = "owner_unix.rs")]
#[cfg_attr(not(unix), path = "owner_windows.rs")]
mod owner;

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use self::lock::Lock;
use crate::{Authority, Damage, Error, Permitted};

/// The folder in which an authority lives between runs.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

/// What [`Store::remove`] took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The files that are gone; empty if there was no authority.
    pub files: Vec<PathBuf>,
    /// The SHA-256 of the removed certificate in hex, if it could still be read, so that its trust can be found.
    pub fingerprint: Option<String>,
    /// The subject of the removed certificate, if it could still be read.
    pub subject: Option<String>,
}

impl Store {
    /// Names the folder; nothing is touched yet.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The authority if there is one; an error if it can no longer be used.
    pub fn load(&self) -> Result<Option<Authority>, Error> {
        self.load_at(SystemTime::now())
    }

    /// As [`Store::load`], judged at a given time.
    pub fn load_at(&self, now: SystemTime) -> Result<Option<Authority>, Error> {
        let authority = self.read()?;
        if let Some(authority) = &authority {
            authority.check_time(now)?;
        }
        Ok(authority)
    }

    /// The authority if there is one, whether its time is over or not.
    pub fn read(&self) -> Result<Option<Authority>, Error> {
        if !holds(&self.path())? {
            return Ok(None);
        }
        owner::check_dir(&self.dir)?;
        let path = self.path();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("open", &path)(error)),
        };
        owner::check_file(&file, &path)?;
        let mut text = Vec::new();
        file.take(FILE_MAX + 1)
            .read_to_end(&mut text)
            .map_err(failed("read", &path))?;
        decode(&text)
            .map(Some)
            .map_err(|damage| Error::Damaged { path, damage })
    }

    /// Makes an authority where there is none.
    pub fn create(&self, permitted: &[Permitted], now: SystemTime) -> Result<Authority, Error> {
        let _lock = self.lock()?;
        if holds(&self.path())? {
            return Err(Error::Exists {
                dir: self.dir.clone(),
            });
        }
        self.write(permitted, now)
    }

    /// Makes an authority, in place of the one that is there if any.
    pub fn replace(&self, permitted: &[Permitted], now: SystemTime) -> Result<Authority, Error> {
        let _lock = self.lock()?;
        self.write(permitted, now)
    }

    /// Deletes the authority and what interrupted writers left; the folder and its lock file stay.
    pub fn remove(&self) -> Result<Removed, Error> {
        let mut removed = Removed {
            files: Vec::new(),
            fingerprint: None,
            subject: None,
        };
        if !holds(&self.path())? && !holds(&self.unfinished())? {
            return Ok(removed);
        }
        let _lock = self.lock()?;
        if let Ok(Some(authority)) = self.read() {
            removed.fingerprint = Some(authority.fingerprint());
            removed.subject = Some(authority.subject());
        }
        for path in [self.path(), self.unfinished()] {
            match fs::remove_file(&path) {
                Ok(()) => removed.files.push(path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed("remove", &path)(error)),
            }
        }
        owner::sync_dir(&self.dir)?;
        Ok(removed)
    }

    /// The one file, certificate first, key second.
    fn path(&self) -> PathBuf {
        self.dir.join("authority-with-key.pem")
    }

    /// Where the next file is written before it takes the place of the old one; only the lock's holder touches it.
    fn unfinished(&self) -> PathBuf {
        self.dir.join("authority-with-key.pem.new")
    }

    fn lock(&self) -> Result<Lock, Error> {
        owner::create_dir(&self.dir)?;
        owner::check_dir(&self.dir)?;
        Lock::take(&self.dir.join("lock"))
    }

    fn write(&self, permitted: &[Permitted], now: SystemTime) -> Result<Authority, Error> {
        let authority = Authority::create(permitted, now)?;
        let unfinished = self.unfinished();
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("remove", &unfinished)(error));
            }
            _ => {}
        }
        let mut file = owner::create_file(&unfinished)?;
        file.write_all(authority.secret_pem().as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(failed("write", &unfinished))?;
        drop(file);
        let path = self.path();
        fs::rename(&unfinished, &path).map_err(failed("replace", &path))?;
        owner::sync_dir(&self.dir)?;
        Ok(authority)
    }
}

fn holds(path: &Path) -> Result<bool, Error> {
    path.try_exists().map_err(failed("look for", path))
}

fn decode(text: &[u8]) -> Result<Authority, Damage> {
    if text.len() as u64 > FILE_MAX {
        return Err(Damage::TooLarge);
    }
    let certificate = CertificateDer::from_pem_slice(text).map_err(|_| Damage::NoCertificate)?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(text).map_err(|_| Damage::NoKey)?;
    Authority::from_parts(certificate, &key)
}

/// Turns what the system said into an error that names the operation and the path.
fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io {
        doing,
        path,
        source,
    }
}

/// The largest file that is read, in bytes; an authority for the most hosts stays below it.
const FILE_MAX: u64 = 256 * 1024;

#[cfg(test)]
mod tests;
