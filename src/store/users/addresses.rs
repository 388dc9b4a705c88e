//! The items that have the users of an e-mail address or a phone number, by which they are found.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, TransactWriteItem, Update};

use crate::domain::{Address, UserRef};
use crate::error::Error;
use crate::store::item::{Attributes, CorruptItem, Item, number, text};
use crate::store::transactions::{delete_item, update_item};

/// How many users may have one address, so that its item stays small.
pub const MAX_HOLDERS: usize = 20;

/// The item of an address, which has no attribute of a user's id: the index of users leaves it out.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `EMAIL#` and the address in lower case, or `PHONE#` and the number |
/// | `holders` | SS | the references of the users who have it, 1 to 20 |
pub(super) fn address_key<A: Address>(address: &A) -> AttributeValue {
    text(format!("{}{}", A::PREFIX, address.folded()))
}

pub(super) fn parse_holders(item: &Item) -> Result<Vec<UserRef>, CorruptItem> {
    let corrupt = || CorruptItem::Attribute("holders");
    let holders = Attributes(item).text_set("holders")?;
    let holders = holders.iter().map(|holder| holder.parse());
    holders.collect::<Result<_, _>>().map_err(|()| corrupt())
}

/// Who else may have an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    Nobody,
    Others,
}

impl Sharing {
    pub fn alone_if(is_alone: bool) -> Self {
        if is_alone { Self::Nobody } else { Self::Others }
    }
}

/// A condition that nobody but the user has an address.
const ALONE: &str = "attribute_not_exists(holders) OR holders = :own";

fn own(user: UserRef) -> AttributeValue {
    AttributeValue::Ss(vec![user.to_string()])
}

/// Adds a user to those who have an address.
pub(super) fn join(
    table: &str,
    key: AttributeValue,
    user: UserRef,
    sharing: Sharing,
) -> Result<TransactWriteItem, Error> {
    let update = Update::builder()
        .table_name(table)
        .key("pk", key)
        .update_expression("ADD holders :own")
        .expression_attribute_values(":own", own(user));
    update_item(match sharing {
        Sharing::Nobody => update.condition_expression(ALONE),
        Sharing::Others => update
            .condition_expression(
                "attribute_not_exists(holders) OR contains(holders, :user) \
                 OR size(holders) < :max",
            )
            .expression_attribute_values(":user", text(user.to_string()))
            .expression_attribute_values(":max", number(MAX_HOLDERS)),
    })
}

/// Checks that nobody but the user has an address.
pub(super) fn check_alone(
    table: &str,
    key: AttributeValue,
    user: UserRef,
) -> Result<TransactWriteItem, Error> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .key("pk", key)
        .condition_expression(ALONE)
        .expression_attribute_values(":own", own(user));
    let check = check.build()?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

/// Takes a user from those who have an address, whose item goes with the last of them. Whether
/// there are others isn't read before: the condition tells whether `others` was right.
pub(super) fn leave(
    table: &str,
    key: AttributeValue,
    user: UserRef,
    others: bool,
) -> Result<TransactWriteItem, Error> {
    if !others {
        let delete = Delete::builder()
            .table_name(table)
            .key("pk", key)
            .condition_expression(ALONE)
            .expression_attribute_values(":own", own(user));
        return delete_item(delete);
    }
    let update = Update::builder()
        .table_name(table)
        .key("pk", key)
        .update_expression("DELETE holders :own")
        .condition_expression(
            "attribute_exists(holders) AND (size(holders) > :one OR NOT contains(holders, :user))",
        )
        .expression_attribute_values(":own", own(user))
        .expression_attribute_values(":user", text(user.to_string()))
        .expression_attribute_values(":one", number(1));
    update_item(update)
}
