use super::fault::{Fault, Faults};
use crate::aws::{Endpoint, MessageUrls};

/// Reads the endpoint of DynamoDB from the variables that Lambda and AWS's tools set.
///
/// # Errors
///
/// [`Faults`] has every missing variable.
pub fn endpoint(variable: impl Fn(&str) -> Option<String>) -> Result<Endpoint, Faults> {
    let variable = |name: &str| variable(name).filter(|text| !text.is_empty());
    let mut faults = Vec::new();
    let mut required = |name| {
        let value = variable(name);
        if value.is_none() {
            let reason = "must be set".to_owned();
            faults.push(Fault { name, reason });
        }
        value
    };
    let region = required("AWS_REGION");
    let (key, secret) = (
        required("AWS_ACCESS_KEY_ID"),
        required("AWS_SECRET_ACCESS_KEY"),
    );
    let (Some(region), Some(key), Some(secret)) = (region, key, secret) else {
        return Err(Faults(faults));
    };
    let url = variable("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| variable("AWS_ENDPOINT_URL"));
    let token = variable("AWS_SESSION_TOKEN");
    Ok(Endpoint::with_keys(region, url, &key, &secret, token))
}

/// Reads the URL of Secrets Manager, if it is not AWS's own.
pub fn secrets_url(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let variable = |name: &str| variable(name).filter(|text| !text.is_empty());
    variable("AWS_ENDPOINT_URL_SECRETS_MANAGER").or_else(|| variable("AWS_ENDPOINT_URL"))
}

/// Reads the URLs of Amazon SES and AWS End User Messaging, if they are not AWS's own. The names are
/// those of the SDKs.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
pub fn message_urls(variable: impl Fn(&str) -> Option<String>) -> MessageUrls {
    let variable = |name: &str| variable(name).filter(|text| !text.is_empty());
    let url = |name| variable(name).or_else(|| variable("AWS_ENDPOINT_URL"));
    MessageUrls {
        email: url("AWS_ENDPOINT_URL_SESV2"),
        sms: url("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2"),
    }
}
