use super::{Fault, Faults};
use crate::store::Endpoint;

/// Where DynamoDB is, by the variables that Lambda and AWS's tools set.
///
/// # Errors
///
/// Every variable that is missing.
pub fn endpoint(variable: impl Fn(&str) -> Option<String>) -> Result<Endpoint, Faults> {
    let variable = |name: &str| variable(name).filter(|text| !text.is_empty());
    let must = |name: &'static str| {
        variable(name).ok_or_else(|| Fault {
            name,
            reason: "must be set".to_owned(),
        })
    };
    let url = variable("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| variable("AWS_ENDPOINT_URL"));
    let (region, key, secret) = (
        must("AWS_REGION"),
        must("AWS_ACCESS_KEY_ID"),
        must("AWS_SECRET_ACCESS_KEY"),
    );
    match (region, key, secret) {
        (Ok(region), Ok(key), Ok(secret)) => {
            let token = variable("AWS_SESSION_TOKEN");
            Ok(Endpoint::with_keys(region, url, &key, &secret, token))
        }
        (region, key, secret) => {
            let faults = [region.err(), key.err(), secret.err()];
            Err(Faults(faults.into_iter().flatten().collect()))
        }
    }
}

/// Where Secrets Manager is, if it isn't AWS's own.
pub fn secrets_url(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let variable = |name: &str| variable(name).filter(|text| !text.is_empty());
    variable("AWS_ENDPOINT_URL_SECRETS_MANAGER").or_else(|| variable("AWS_ENDPOINT_URL"))
}
