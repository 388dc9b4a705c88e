//! Maps of an event each of whose values is a text or a list of texts.

use std::fmt;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Parameters in the order of the event.
pub type Parameters = Vec<(String, String)>;

/// The values of one name.
enum Values {
    One(String),
    Many(Vec<String>),
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Values, E> {
        Ok(Values::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values, A::Error> {
        let mut all = Vec::new();
        while let Some(text) = list.next_element()? {
            all.push(text);
        }
        Ok(Values::Many(all))
    }
}

/// Reads a map, or null, entry by entry.
fn each<'de, D: Deserializer<'de>, T: Default>(
    deserializer: D,
    add: fn(&mut T, String, Values) -> Result<(), &'static str>,
) -> Result<T, D::Error> {
    deserializer.deserialize_option(Entries { add })
}

struct Entries<T> {
    add: fn(&mut T, String, Values) -> Result<(), &'static str>,
}

impl<'de, T: Default> Visitor<'de> for Entries<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_none<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut all = T::default();
        while let Some((name, values)) = map.next_entry()? {
            (self.add)(&mut all, name, values).map_err(A::Error::custom)?;
        }
        Ok(all)
    }
}

/// Reads headers. Of two that differ in the case of their names alone, a text replaces the one
/// before it, and a list adds to it.
pub fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HeaderMap, D::Error> {
    each(deserializer, |headers: &mut HeaderMap, name, values| {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "not a header's name")?;
        let read = |text: &str| HeaderValue::from_str(text).map_err(|_| "not a header's value");
        match values {
            Values::One(text) => {
                headers.insert(name, read(&text)?);
            }
            Values::Many(texts) => {
                for text in texts {
                    headers.append(&name, read(&text)?);
                }
            }
        }
        Ok(())
    })
}

/// Reads parameters of a query.
pub fn parameters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Parameters, D::Error> {
    each(deserializer, |all: &mut Parameters, name, values| {
        match values {
            Values::One(text) => all.push((name, text)),
            Values::Many(texts) => {
                all.extend(texts.into_iter().map(|text| (name.clone(), text)));
            }
        }
        Ok(())
    })
}
