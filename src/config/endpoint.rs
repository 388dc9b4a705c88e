use super::fault::{Fault, Faults};
use crate::aws::Endpoint;

/// Reads the endpoint of DynamoDB from the variables that Lambda and AWS's tools set.
///
/// # Errors
///
/// [`Faults`] has every missing variable.
pub fn endpoint(variable: impl Fn(&str) -> Option<String>) -> Result<Endpoint, Faults> {
    let variable = |name: &str| variable(name).filter(|text| !text.is_empty());
    let required = |name: &'static str| {
        variable(name).ok_or_else(|| Fault {
            name,
            reason: "must be set".to_owned(),
        })
    };
    let url = variable("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| variable("AWS_ENDPOINT_URL"));
    let (region, key, secret) = (
        required("AWS_REGION"),
        required("AWS_ACCESS_KEY_ID"),
        required("AWS_SECRET_ACCESS_KEY"),
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

/// Reads the URL of Secrets Manager, if it is not AWS's own.
pub fn secrets_url(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let variable = |name: &str| variable(name).filter(|text| !text.is_empty());
    variable("AWS_ENDPOINT_URL_SECRETS_MANAGER").or_else(|| variable("AWS_ENDPOINT_URL"))
}
