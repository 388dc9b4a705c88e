use aws_sdk_dynamodb::types::AttributeValue;

use super::Store;
use super::failure::failure;
use super::item::{Attributes, Corrupt, Item, millis, text};
use crate::domain::{ServiceAccount, ServiceAccountName, TokenHash};
use crate::error::Error;

/// Starts the keys of service accounts' tokens in the users table.
pub(super) const PREFIX: &str = "CALLER#";

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
        let output = self
            .client
            .get_item()
            .table_name(&self.tables.users)
            .key("pk", key(token))
            .consistent_read(true)
            .send()
            .await
            .map_err(failure)?;
        let caller = output.item().map(parse).transpose()?;
        Ok(caller)
    }

    /// Puts a service account's token that was just drawn.
    pub async fn insert_service_account(
        &self,
        token: TokenHash,
        caller: &ServiceAccount,
    ) -> Result<(), Error> {
        let permissions = caller.permissions.iter();
        let permissions = permissions.map(|one| text(one.as_str())).collect();
        // Without a condition: the key is drawn from 256 random bits, so that sent
        // again it can only meet itself.
        self.client
            .put_item()
            .table_name(&self.tables.users)
            .item("pk", key(token))
            .item("name", text(caller.name.as_str()))
            .item("permissions", AttributeValue::L(permissions))
            .item("created_at", millis(caller.created_at))
            .item("expires_at", millis(caller.expires_at))
            .send()
            .await
            .map_err(failure)?;
        Ok(())
    }

    /// Ends a service account's token. That there is none is fine: false.
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

    /// All service accounts with their tokens' hashes in hexadecimal.
    ///
    /// Reads the whole users table: for operators, never for a call.
    pub async fn scan_service_accounts(&self) -> Result<Vec<(String, ServiceAccount)>, Error> {
        let mut callers = Vec::new();
        self.scan_users_table(PREFIX, |item| -> Result<(), Error> {
            let key = Attributes(item).text("pk")?;
            let hash = key.strip_prefix(PREFIX).unwrap_or(key);
            callers.push((hash.to_owned(), parse(item)?));
            Ok(())
        })
        .await?;
        Ok(callers)
    }
}

/// | attribute | type | |
/// |---|---|---|
/// | `pk` | S | `CALLER#` and the token's SHA-256 in hexadecimal |
/// | `name` | S | |
/// | `permissions` | L of S | such as `session.write` |
/// | `created_at`, `expires_at` | N | milliseconds |
fn parse(item: &Item) -> Result<ServiceAccount, Corrupt> {
    let item = Attributes(item);
    let Some(AttributeValue::L(permissions)) = item.0.get("permissions") else {
        return Err(Corrupt::Attribute("permissions"));
    };
    let mut parsed = Vec::with_capacity(permissions.len());
    for permission in permissions {
        let AttributeValue::S(permission) = permission else {
            return Err(Corrupt::Attribute("permissions"));
        };
        parsed.push(permission.parse()?);
    }
    Ok(ServiceAccount {
        name: ServiceAccountName::parse(item.text("name")?.to_owned())?,
        permissions: parsed.into_iter().collect(),
        created_at: item.millis("created_at")?,
        expires_at: item.millis("expires_at")?,
    })
}
