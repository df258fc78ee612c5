//! Finished parts are compressed: zstd in frames of their own, with the seek table of the zstd seekable format, so that
//! a tool that knows it can start anywhere and every other tool reads it as plain zstd.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use super::files::with_suffix;
use super::owner::create_file;

/// Compresses the file to `to`, which must not exist; on an error nothing is left behind there.
///
/// # Errors
/// Those of the files.
pub fn compress(from: &Path, to: &Path) -> io::Result<()> {
    let partial = with_suffix(to, ".partial");
    // What a killed run left behind.
    if partial.exists() {
        fs::remove_file(&partial)?;
    }
    let written = write(from, &partial).and_then(|()| match to.try_exists()? {
        true => Err(io::ErrorKind::AlreadyExists.into()),
        false => fs::rename(&partial, to),
    });
    if written.is_err() {
        drop(fs::remove_file(&partial));
    }
    written
}

fn write(from: &Path, to: &Path) -> io::Result<()> {
    let mut input = BufReader::new(File::open(from)?);
    let file = create_file(to)?;
    let mut output = BufWriter::new(&file);
    seekable(&mut input, &mut output)?;
    output.flush()?;
    drop(output);
    file.sync_all()
}

/// Frames of [`FRAME`] bytes of content each, then the seek table in a skippable frame.
fn seekable(input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let mut table = Vec::new();
    let mut content = Vec::with_capacity(FRAME);
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    loop {
        content.clear();
        input.take(FRAME as u64).read_to_end(&mut content)?;
        if content.is_empty() {
            break;
        }
        let frame = compressor.compress(&content)?;
        output.write_all(&frame)?;
        table.push((frame.len(), content.len()));
    }
    output.write_all(&seek_table(&table))
}

/// The seek table, zstd's `contrib/seekable_format`, version 0.1.0, without checksums: the frames have their own.
fn seek_table(frames: &[(usize, usize)]) -> Vec<u8> {
    const ENTRY: usize = 8;
    const FOOTER: usize = 9;
    let word = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
    let mut table = Vec::with_capacity(8 + ENTRY * frames.len() + FOOTER);
    table.extend(SKIPPABLE_MAGIC.to_le_bytes());
    table.extend(word(ENTRY * frames.len() + FOOTER));
    for (compressed, content) in frames {
        table.extend(word(*compressed));
        table.extend(word(*content));
    }
    table.extend(word(frames.len()));
    table.push(0);
    table.extend(SEEKABLE_MAGIC.to_le_bytes());
    table
}

/// Content of one frame, in bytes: what has to be read to start somewhere in the middle.
const FRAME: usize = 2 * 1024 * 1024;
/// zstd's own default.
const LEVEL: i32 = 3;
const SKIPPABLE_MAGIC: u32 = 0x184D_2A5E;
const SEEKABLE_MAGIC: u32 = 0x8F92_EAB1;
