//! Makes a filter of the common passwords, which tells nearly always whether a text is one of them
//! and takes a quarter of their size.

use std::error::Error;
use std::fs;
use std::path::Path;

use xorf::{BinaryFuse16, DmaSerializable as _};

#[path = "../src/domain/password_rules/key.rs"]
mod key;

const PASSWORDS: &str = "build/common_passwords/passwords.txt";

pub fn generate(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=src/domain/password_rules/key.rs");
    let passwords = fs::read_to_string(PASSWORDS)?;
    let keys: Vec<u64> = passwords.lines().map(key::key).collect();
    let filter = BinaryFuse16::try_from(keys)?;
    let mut descriptor = [0; BinaryFuse16::DESCRIPTOR_LEN];
    filter.dma_copy_descriptor_to(&mut descriptor);
    fs::write(out.join("common_passwords.descriptor"), descriptor)?;
    // Both of Lambda's processors are little-endian.
    let fingerprints = filter.fingerprints.iter();
    let bytes: Vec<u8> = fingerprints.flat_map(|print| print.to_le_bytes()).collect();
    fs::write(out.join("common_passwords.fingerprints"), bytes)?;
    Ok(())
}
