use aws_sdk_dynamodb::types::AttributeValue;

use super::Store;
use super::item::{Attributes, CorruptItem, Item, millis, text, texts};
use crate::aws::failure;
use crate::domain::{Permission, ServiceAccount, ServiceAccountName, TokenHash};
use crate::error::Error;

/// The start of a service account's key; the token's hash in hexadecimal follows.
const PREFIX: &str = "CALLER#";

fn key(token: TokenHash) -> AttributeValue {
    text(format!("{PREFIX}{}", token.to_hex()))
}

impl Store {
    /// The service account that holds the token with this hash, expired or not.
    ///
    /// One request.
    pub async fn get_service_account(
        &self,
        token: TokenHash,
    ) -> Result<Option<ServiceAccount>, Error> {
        let item = self.get_users_table_item(key(token)).await?;
        Ok(item.as_ref().map(parse).transpose()?)
    }

    /// Adds a service account with a token that was just generated.
    ///
    /// One request.
    pub async fn insert_service_account(
        &self,
        token: TokenHash,
        account: &ServiceAccount,
    ) -> Result<(), Error> {
        let permissions = account.permissions.iter();
        let permissions = permissions.map(|one| text(one.as_str())).collect();
        // There is no condition, because the key comes from 256 random bits: if the SDK sends
        // the request again, all that it can overwrite is its own item.
        self.client
            .put_item()
            .table_name(&self.tables.users)
            .item("pk", key(token))
            .item("name", text(account.name.as_str()))
            .item("permissions", AttributeValue::L(permissions))
            .item("created_at", millis(account.created_at))
            .item("expires_at", millis(account.expires_at))
            .send()
            .await
            .map_err(failure)?;
        Ok(())
    }

    /// Deletes the service account whose token has this hash. False: there is none.
    ///
    /// One request.
    pub async fn delete_service_account(&self, token_hex: &str) -> Result<bool, Error> {
        let output = self
            .client
            .delete_item()
            .table_name(&self.tables.users)
            .key("pk", text(format!("{PREFIX}{token_hex}")))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllOld)
            .send()
            .await
            .map_err(failure)?;
        Ok(output.attributes().is_some())
    }

    /// All service accounts, each with the hash of its token in hexadecimal.
    ///
    /// Reads the whole users table: for operators, never for a call.
    pub async fn scan_service_accounts(&self) -> Result<Vec<(String, ServiceAccount)>, Error> {
        let mut accounts = Vec::new();
        self.scan_users_table(&[PREFIX], |item| -> Result<(), Error> {
            let key = Attributes(item).text("pk")?;
            let hash = key.strip_prefix(PREFIX).unwrap_or(key);
            accounts.push((hash.to_owned(), parse(item)?));
            Ok(())
        })
        .await?;
        Ok(accounts)
    }
}

/// Reads the item of a service account.
///
/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `CALLER#` and the token's SHA-256 in hexadecimal |
/// | `name` | S | |
/// | `permissions` | L of S | such as `session.write`; one that isn't known is not granted |
/// | `created_at`, `expires_at` | N | milliseconds since 1970 |
fn parse(item: &Item) -> Result<ServiceAccount, CorruptItem> {
    let item = Attributes(item);
    let permissions = item.0.get("permissions");
    let permissions = permissions.ok_or(CorruptItem::Attribute("permissions"))?;
    let permissions = texts("permissions", permissions)?.into_iter();
    Ok(ServiceAccount {
        name: ServiceAccountName::from_stored(item.text("name")?.to_owned()),
        permissions: permissions.filter_map(Permission::named).collect(),
        created_at: item.millis("created_at")?,
        expires_at: item.millis("expires_at")?,
    })
}
