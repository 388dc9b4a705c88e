//! Generates the Rust of `proto/`, which the `tower` layer alone doesn't need.

#[cfg(feature = "function")]
#[path = "build/messages.rs"]
mod messages;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "function")]
    messages::generate().expect("the Rust of proto/");
}
