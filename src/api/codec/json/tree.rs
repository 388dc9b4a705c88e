use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use zeroize::Zeroizing;

use crate::error::Error;

/// A JSON value as it was sent.
///
/// A name that an object has twice is refused while reading, at any depth: parsers
/// disagree on which one counts, and whoever checked the request in front of us may
/// have read the other.
///
/// Strings are wiped when they are dropped, because they may be passwords. The parser itself copies
/// those that have an escaped character.
pub enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    String(Zeroizing<String>),
    Array(Vec<Tree>),
    Object(Object),
}

/// The names and values of an object.
pub type Object = Vec<(String, Tree)>;

/// Reads a whole body, which is an object. It may be empty, or white space alone.
pub fn parse(body: &[u8]) -> Result<Object, Error> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    if body.iter().all(blank) {
        return Ok(Vec::new());
    }
    // The parser's own words quote nothing of the body, nor do those of `Reader`.
    match serde_json::from_slice(body) {
        Ok(Tree::Object(object)) => Ok(object),
        Ok(_) => Err(Error::Malformed("the body is not a JSON object".into())),
        Err(error) => Err(Error::Malformed(format!("the body is not JSON: {error}"))),
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        // JSON has neither infinities nor NaN.
        Ok(Number::from_f64(number).map_or(Tree::Null, Tree::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::String(text.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Tree, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element()? {
            array.push(element);
        }
        Ok(Tree::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut names = HashSet::new();
        let mut object = Vec::new();
        while let Some((name, value)) = entries.next_entry::<String, Tree>()? {
            if !names.insert(name.clone()) {
                return Err(serde::de::Error::custom("an object has a name twice"));
            }
            object.push((name, value));
        }
        Ok(Tree::Object(object))
    }
}
