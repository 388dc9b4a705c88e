use serde_json::Number;

use super::tree::Tree;
use crate::domain::{Invalid, SessionId};
use crate::error::Error;

/// The fields of a JSON object. Unknown ones are ignored; `null` is as if absent.
pub(super) struct JsonObject {
    name: &'static str,
    entries: Vec<(String, Tree)>,
}

impl JsonObject {
    pub fn new(name: &'static str, entries: Vec<(String, Tree)>) -> Self {
        Self { name, entries }
    }

    /// Adds a field that stands in the path or in the query. If it stands in the object as well,
    /// it must be the same.
    pub fn bind(
        mut self,
        camel: &str,
        name: &'static str,
        bound: Option<String>,
    ) -> Result<Self, Error> {
        let Some(bound) = bound else {
            return Ok(self);
        };
        let is_same = |own: &str| {
            let ids = [own, &bound].map(|text| SessionId::find(text).ok().flatten());
            own == bound || name == "session_id" && ids[0].is_some() && ids[0] == ids[1]
        };
        match self.string(camel, name, name)? {
            Some(own) if !is_same(&own) => {
                Err(Invalid::new(name, "differs from the one in the body").into())
            }
            _ => {
                self.entries.push((camel.to_owned(), Tree::String(bound)));
                Ok(self)
            }
        }
    }

    /// Takes the field with this name in either spelling, `lowerCamelCase` or `snake_case`.
    pub fn take(&mut self, camel: &str, snake: &str) -> Result<Option<Tree>, Error> {
        let named = |(name, _): &mut (String, Tree)| name == camel || name == snake;
        let mut found = self.entries.extract_if(.., named).map(|(_, value)| value);
        let value = found.next();
        if found.next().is_some() {
            let reason = format!("{} has {snake} in both spellings", self.name);
            return Err(Error::Malformed(reason));
        }
        Ok(value.filter(|value| !matches!(value, Tree::Null)))
    }

    /// Takes a field that `convert` accepts.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`], with the name that errors have for the field, and `reason`.
    fn typed<T>(
        &mut self,
        (camel, snake): (&str, &str),
        field: &'static str,
        reason: &'static str,
        convert: impl FnOnce(Tree) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let invalid = || Error::from(Invalid::new(field, reason));
        let value = self.take(camel, snake)?;
        value
            .map(|value| convert(value).ok_or_else(invalid))
            .transpose()
    }

    pub fn object(&mut self, camel: &str, name: &'static str) -> Result<Option<Self>, Error> {
        let entries = self.typed((camel, name), name, "must be an object", entries)?;
        Ok(entries.map(|entries| Self::new(name, entries)))
    }

    /// Takes an object from a field that other clients fill with a list of an enum's values.
    ///
    /// # Errors
    ///
    /// [`Error::Unimplemented`]: it is such a list, and isn't empty.
    pub fn object_or_enums(
        &mut self,
        camel: &str,
        name: &'static str,
    ) -> Result<Option<Self>, Error> {
        let is_enum = |value: &Tree| matches!(value, Tree::String(_) | Tree::Number(_));
        match self.take(camel, name)? {
            Some(Tree::Array(elements)) if elements.iter().any(is_enum) => {
                Err(Error::Unimplemented(name.into()))
            }
            Some(value) => {
                self.entries.push((camel.to_owned(), value));
                self.object(camel, name)
            }
            None => Ok(None),
        }
    }

    /// Refuses all fields that have not been taken: the objects of these names, and all others.
    ///
    /// # Errors
    ///
    /// - [`Error::Unimplemented`], with the first such field: by its name in protobuf, or as it
    ///   was sent.
    /// - Those of [`Self::object`].
    pub fn refuse_remaining(&mut self, objects: &[(&str, &'static str)]) -> Result<(), Error> {
        let object = self.name;
        let refused = |name: &str| Err(Error::Unimplemented(format!("{object}.{name}").into()));
        for (camel, snake) in objects {
            if self.object(camel, snake)?.is_some() {
                return refused(snake);
            }
        }
        let mut rest = self.entries.iter();
        match rest.find(|(_, value)| !matches!(value, Tree::Null)) {
            None => Ok(()),
            Some((name, _)) => refused(repeatable(name)),
        }
    }

    pub fn string(
        &mut self,
        camel: &str,
        snake: &str,
        field: &'static str,
    ) -> Result<Option<String>, Error> {
        self.typed((camel, snake), field, "must be a string", text)
    }

    /// Takes the entries of a map. No map is an empty one.
    pub fn map(&mut self, name: &str, field: &'static str) -> Result<Vec<(String, Tree)>, Error> {
        let map = self.typed((name, name), field, "must be an object", entries)?;
        Ok(map.unwrap_or_default())
    }

    pub fn strings(&mut self, name: &str, field: &'static str) -> Result<Vec<String>, Error> {
        let texts = |list: Tree| elements(list)?.into_iter().map(text).collect();
        let texts = self.typed((name, name), field, "must be a list of strings", texts)?;
        Ok(texts.unwrap_or_default())
    }

    /// Takes the objects of a list. No list is an empty one.
    pub fn objects(&mut self, name: &'static str) -> Result<Vec<Self>, Error> {
        let object = |element| Some(Self::new(name, entries(element)?));
        let objects = |list: Tree| elements(list)?.into_iter().map(object).collect();
        let objects = self.typed((name, name), name, "must be a list of objects", objects)?;
        Ok(objects.unwrap_or_default())
    }

    pub fn flag(&mut self, name: &'static str) -> Result<bool, Error> {
        let flag = |value| match value {
            Tree::Bool(flag) => Some(flag),
            _ => None,
        };
        let flag = self.typed((name, name), name, "must be true or false", flag)?;
        Ok(flag.unwrap_or_default())
    }

    /// Takes a whole number that is not negative, written as a number or in a string.
    pub fn unsigned<N: TryFrom<u64>>(&mut self, name: &'static str) -> Result<Option<N>, Error> {
        let reason = "must be a non-negative integer in range";
        let unsigned = |value| N::try_from(u64::try_from(whole(&value)?).ok()?).ok();
        self.typed((name, name), name, reason, unsigned)
    }

    /// Takes a member of an enum, by its name or its number. It is 0 if there is none.
    pub fn member(
        &mut self,
        camel: &str,
        name: &'static str,
        by_name: fn(&str) -> Option<i32>,
    ) -> Result<i32, Error> {
        let member = |value| match value {
            Tree::String(name) => by_name(&name),
            Tree::Number(_) => i32::try_from(whole(&value)?).ok(),
            _ => None,
        };
        let member = self.typed((camel, name), name, "is unknown", member)?;
        Ok(member.unwrap_or_default())
    }
}

fn text(value: Tree) -> Option<String> {
    match value {
        Tree::String(text) => Some(text),
        _ => None,
    }
}

fn entries(value: Tree) -> Option<Vec<(String, Tree)>> {
    match value {
        Tree::Object(entries) => Some(entries),
        _ => None,
    }
}

fn elements(value: Tree) -> Option<Vec<Tree>> {
    match value {
        Tree::Array(elements) => Some(elements),
        _ => None,
    }
}

/// The name of a field as an error repeats it. A long name, or one with characters that no
/// field has, is not repeated.
fn repeatable(name: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
        return "(another member)";
    }
    name
}

/// Reads an integer of proto3's JSON: a number, or a string that spells one, exponent and `.0`
/// included.
/// <https://protobuf.dev/programming-guides/json/>
fn whole(value: &Tree) -> Option<i128> {
    match value {
        Tree::Number(number) => {
            let integer = number.as_u64().map(i128::from);
            let integer = integer.or_else(|| number.as_i64().map(i128::from));
            integer.or_else(|| whole_float(number.as_f64()?))
        }
        // What `parse` takes is a number as JSON has it: no sign `+`, no space, no leading zero.
        Tree::String(text) if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            let number = serde_json::from_str::<Number>(text).ok()?;
            let ends = text.ends_with(|c: char| c.is_ascii_digit());
            ends.then(|| whole(&Tree::Number(number)))?
        }
        _ => None,
    }
}

/// Reads an integer of 64 bits at most. A float holds each of them that it can hold exactly.
fn whole_float(float: f64) -> Option<i128> {
    const BEYOND: f64 = 18_446_744_073_709_551_616.0;
    let exact = float.fract() == 0.0 && float.abs() < BEYOND;
    #[allow(clippy::cast_possible_truncation, reason = "it is below 2^64")]
    exact.then_some(float as i128)
}

#[test]
fn integers_are_numbers_or_strings() {
    for (json, want) in [
        ("1", Some(1)),
        ("\"1\"", Some(1)),
        ("1.0", Some(1)),
        ("1e2", Some(100)),
        ("-1", Some(-1)),
        ("\"-1\"", Some(-1)),
        ("18446744073709551615", Some(i128::from(u64::MAX))),
        ("\"18446744073709551615\"", Some(i128::from(u64::MAX))),
        ("1.5", None),
        ("1e30", None),
        ("\"\"", None),
        ("\"+1\"", None),
        ("\" 1\"", None),
        ("\"1.0\"", Some(1)),
        ("\"1e2\"", Some(100)),
        ("\"1.5e1\"", Some(15)),
        ("\"1E+2\"", Some(100)),
        ("\"100e-2\"", Some(1)),
        ("\"0\"", Some(0)),
        ("1e18", Some(1_000_000_000_000_000_000)),
        ("\"1e19\"", Some(10_000_000_000_000_000_000)),
        ("\"1e20\"", None),
        ("\"1.5\"", None),
        ("\"01\"", None),
        ("\"1.\"", None),
        ("\".5e1\"", None),
        ("\"1 \"", None),
        ("\"1\\n\"", None),
        ("\"0x10\"", None),
        ("\"1e\"", None),
        ("\"NaN\"", None),
        ("\"-Infinity\"", None),
        ("true", None),
        ("null", None),
    ] {
        let value = super::tree::parse(json.as_bytes()).unwrap().unwrap();
        assert_eq!(whole(&value), want, "{json}");
    }
}
