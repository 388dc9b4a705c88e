use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use uuid::Uuid;

use super::{Store, on_heap};
use crate::aws::failure;
use crate::domain::{DisplayName, Invalid, Timestamp};
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

/// An item that is to be written.
#[derive(Default)]
pub(super) struct NewItem(pub Item);

impl NewItem {
    /// Sets an attribute, if it has a value.
    pub fn set(&mut self, name: &str, value: impl Into<Option<AttributeValue>>) {
        if let Some(value) = value.into() {
            self.0.insert(name.to_owned(), value);
        }
    }
}

/// Why an item can't be read: it is not as this service writes it.
#[derive(Debug, thiserror::Error)]
pub(super) enum CorruptItem {
    #[error("the attribute {0} is missing or of another type")]
    Attribute(&'static str),
    #[error(transparent)]
    Value(#[from] Invalid),
}

impl From<CorruptItem> for Error {
    fn from(corrupt: CorruptItem) -> Self {
        Self::Internal(format!("an item can't be read: {corrupt}").into())
    }
}

/// The item for which an update's condition did not hold (None: there is no such item). Any
/// other error is the error of the call.
pub(super) fn refused_item(
    error: SdkError<UpdateItemError, HttpResponse>,
) -> Result<Option<Item>, Error> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
            Ok(failed.item().cloned())
        }
        _ => Err(failure(error)),
    }
}

impl Store {
    pub(super) async fn get_item(&self, table: &str, key: Item) -> Result<Option<Item>, Error> {
        let get = self
            .client
            .get_item()
            .table_name(table)
            .set_key(Some(key))
            .consistent_read(true)
            .send();
        Ok(on_heap(get).await.map_err(failure)?.item)
    }
}

/// Sends an update, and returns the item as the update left it or, if its condition did not hold, as
/// it is (None: there is no such item). Which of them it is, the item tells: the SDK may have sent
/// the update twice.
pub(super) async fn update_and_read(
    update: UpdateItemFluentBuilder,
) -> Result<Option<Item>, Error> {
    let update = update
        .return_values(ReturnValue::AllNew)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    match on_heap(update.send()).await {
        Ok(output) => match output.attributes {
            None => Err(Error::Internal(
                "an update came back without its item".into(),
            )),
            item => Ok(item),
        },
        Err(error) => refused_item(error),
    }
}

/// The texts of an attribute that is a list of them.
pub(super) fn texts<'a>(
    name: &'static str,
    list: &'a AttributeValue,
) -> Result<Vec<&'a str>, CorruptItem> {
    let texts = list.as_l().and_then(|list| {
        let texts = list.iter();
        texts.map(|text| text.as_s().map(String::as_str)).collect()
    });
    texts.map_err(|_| CorruptItem::Attribute(name))
}

/// The attributes of an item, read by name and type. An `optional_` attribute may be absent.
#[derive(Clone, Copy)]
pub(super) struct Attributes<'a>(pub &'a Item);

impl<'a> Attributes<'a> {
    pub fn has(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn text(self, name: &'static str) -> Result<&'a str, CorruptItem> {
        self.optional_text(name)?
            .ok_or(CorruptItem::Attribute(name))
    }

    pub fn optional_text(self, name: &'static str) -> Result<Option<&'a str>, CorruptItem> {
        self.read(name, |value| value.as_s().ok().map(String::as_str))
    }

    pub fn uuid(self, name: &'static str) -> Result<Uuid, CorruptItem> {
        let uuid = self.text(name)?.parse();
        uuid.map_err(|_| Invalid::new(name, "is not a UUID").into())
    }

    pub fn number<N: FromStr>(self, name: &'static str) -> Result<N, CorruptItem> {
        self.optional_number(name)?
            .ok_or(CorruptItem::Attribute(name))
    }

    pub fn optional_number<N: FromStr>(self, name: &'static str) -> Result<Option<N>, CorruptItem> {
        self.read(name, |value| value.as_n().ok()?.parse().ok())
    }

    pub fn millis(self, name: &'static str) -> Result<Timestamp, CorruptItem> {
        self.number(name).map(Timestamp::from_millis)
    }

    pub fn optional_millis(self, name: &'static str) -> Result<Option<Timestamp>, CorruptItem> {
        let millis = self.optional_number(name)?;
        Ok(millis.map(Timestamp::from_millis))
    }

    /// False if it is absent.
    pub fn flag(self, name: &'static str) -> Result<bool, CorruptItem> {
        let flag = self.read(name, |value| value.as_bool().ok().copied())?;
        Ok(flag.unwrap_or_default())
    }

    pub fn bytes(self, name: &'static str) -> Result<&'a [u8], CorruptItem> {
        self.optional_bytes(name)?
            .ok_or(CorruptItem::Attribute(name))
    }

    pub fn optional_bytes(self, name: &'static str) -> Result<Option<&'a [u8]>, CorruptItem> {
        self.read(name, |value| value.as_b().ok().map(Blob::as_ref))
    }

    pub fn array<const N: usize>(self, name: &'static str) -> Result<[u8; N], CorruptItem> {
        let bytes = self.bytes(name)?;
        bytes.try_into().map_err(|_| CorruptItem::Attribute(name))
    }

    /// A user's display name, if there is one.
    pub fn display_name(self) -> Result<Option<DisplayName>, CorruptItem> {
        let name = self.optional_text("display_name")?;
        let name = name.filter(|name| !name.is_empty());
        Ok(name.map(|name| DisplayName::from_stored(name.to_owned())))
    }

    #[cfg(feature = "function")]
    pub fn text_set(self, name: &'static str) -> Result<&'a [String], CorruptItem> {
        self.optional_text_set(name)?
            .ok_or(CorruptItem::Attribute(name))
    }

    pub fn optional_text_set(
        self,
        name: &'static str,
    ) -> Result<Option<&'a [String]>, CorruptItem> {
        self.read(name, |value| value.as_ss().ok().map(Vec::as_slice))
    }

    pub fn optional_map(self, name: &'static str) -> Result<Option<&'a Item>, CorruptItem> {
        self.read(name, |value| value.as_m().ok())
    }

    /// The value of an attribute, which `read` finds to be of the right type.
    fn read<T>(
        self,
        name: &'static str,
        read: impl Fn(&'a AttributeValue) -> Option<T>,
    ) -> Result<Option<T>, CorruptItem> {
        let value = self.0.get(name);
        value
            .map(|value| read(value).ok_or(CorruptItem::Attribute(name)))
            .transpose()
    }
}
