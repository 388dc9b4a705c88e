use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{Invalid, Timestamp};
use crate::error::Error;

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(super) fn number(number: impl Copy + ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(super) fn millis(at: Timestamp) -> AttributeValue {
    number(at.as_millis())
}

pub(super) fn bytes(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// An item in a table that is not as this service writes it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Corrupt {
    #[error("the attribute {0} is missing or of another type")]
    Attribute(&'static str),
    #[error(transparent)]
    Value(#[from] Invalid),
}

impl From<Corrupt> for Error {
    fn from(corrupt: Corrupt) -> Self {
        Self::Internal(format!("an item can't be read: {corrupt}").into())
    }
}

/// Reads an item's attributes.
#[derive(Clone, Copy)]
pub(super) struct Attributes<'a>(pub &'a Item);

impl<'a> Attributes<'a> {
    pub fn has(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn text(self, name: &'static str) -> Result<&'a str, Corrupt> {
        self.text_if_any(name)?.ok_or(Corrupt::Attribute(name))
    }

    pub fn text_if_any(self, name: &'static str) -> Result<Option<&'a str>, Corrupt> {
        match self.0.get(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            Some(_) => Err(Corrupt::Attribute(name)),
        }
    }

    pub fn number<N: FromStr>(self, name: &'static str) -> Result<N, Corrupt> {
        self.number_if_any(name)?.ok_or(Corrupt::Attribute(name))
    }

    pub fn number_if_any<N: FromStr>(self, name: &'static str) -> Result<Option<N>, Corrupt> {
        match self.0.get(name) {
            None => Ok(None),
            Some(AttributeValue::N(number)) => number
                .parse()
                .map(Some)
                .map_err(|_| Corrupt::Attribute(name)),
            Some(_) => Err(Corrupt::Attribute(name)),
        }
    }

    pub fn millis(self, name: &'static str) -> Result<Timestamp, Corrupt> {
        self.number(name).map(Timestamp::from_millis)
    }

    pub fn millis_if_any(self, name: &'static str) -> Result<Option<Timestamp>, Corrupt> {
        let millis = self.number_if_any(name)?;
        Ok(millis.map(Timestamp::from_millis))
    }

    pub fn bytes(self, name: &'static str) -> Result<&'a [u8], Corrupt> {
        match self.0.get(name) {
            Some(AttributeValue::B(blob)) => Ok(blob.as_ref()),
            _ => Err(Corrupt::Attribute(name)),
        }
    }

    pub fn array<const N: usize>(self, name: &'static str) -> Result<[u8; N], Corrupt> {
        let bytes = self.bytes(name)?;
        bytes.try_into().map_err(|_| Corrupt::Attribute(name))
    }

    /// No such attribute is an empty map.
    pub fn map(self, name: &'static str) -> Result<Option<&'a Item>, Corrupt> {
        match self.0.get(name) {
            None => Ok(None),
            Some(AttributeValue::M(map)) => Ok(Some(map)),
            Some(_) => Err(Corrupt::Attribute(name)),
        }
    }
}
