use std::sync::Mutex;

use aws_sdk_dynamodb::config::endpoint::{
    DefaultResolver, Endpoint, EndpointFuture, Params, ResolveEndpoint,
};

#[cfg(feature = "function")]
use crate::error::Error;
use crate::lock::lock;

/// Resolves endpoints as the SDK does, and keeps those of several tables.
///
/// The SDK keeps the last one alone, and the name of the table is among its parameters. A login
/// writes to both tables in turns, so that each of its requests would go through all rules again.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    resolver: DefaultResolver,
    known: Mutex<Vec<(Params, Endpoint)>>,
}

/// One for each table, and some for commands that name other tables.
const MAX_KNOWN: usize = 4;

impl ResolveEndpoint for Endpoints {
    fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
        let find = |known: &Vec<(Params, Endpoint)>| {
            let found = known.iter().find(|(of, _)| of == params);
            found.map(|(_, endpoint)| endpoint.clone())
        };
        if let Some(endpoint) = find(&lock(&self.known)) {
            return EndpointFuture::ready(Ok(endpoint));
        }
        EndpointFuture::new(async move {
            let endpoint = self.resolver.resolve_endpoint(params).await?;
            let mut known = lock(&self.known);
            if known.len() < MAX_KNOWN {
                known.push((params.clone(), endpoint.clone()));
            }
            Ok(endpoint)
        })
    }
}

/// The URL of another service in a region: that of DynamoDB with another first label. The SDK's
/// client of DynamoDB knows the domain of each partition, such as `amazonaws.com.cn`.
///
/// # Errors
///
/// [`Error::Internal`]: the region has no such URL, as one that is not AWS's.
#[cfg(feature = "function")]
pub(super) async fn url_of(host: &str, region: &str) -> Result<String, Error> {
    let params = Params::builder().region(region).build();
    let params = params.map_err(|error| Error::Internal(error.into()))?;
    let resolver = DefaultResolver::new();
    let endpoint = ResolveEndpoint::resolve_endpoint(&resolver, &params).await;
    let endpoint = endpoint.map_err(Error::Internal)?;
    let domain = endpoint.url().strip_prefix("https://dynamodb.");
    let domain =
        domain.ok_or_else(|| Error::Internal(format!("no {host} in {region:?}").into()))?;
    Ok(format!("https://{host}.{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "function")]
    #[tokio::test]
    async fn another_service_has_the_domain_of_its_partition() {
        for (region, want) in [
            (
                "eu-central-1",
                Some("https://email.eu-central-1.amazonaws.com"),
            ),
            (
                "cn-north-1",
                Some("https://email.cn-north-1.amazonaws.com.cn"),
            ),
            (
                "us-gov-west-1",
                Some("https://email.us-gov-west-1.amazonaws.com"),
            ),
            (
                "us-iso-east-1",
                Some("https://email.us-iso-east-1.c2s.ic.gov"),
            ),
            ("local", None),
            ("", None),
        ] {
            let url = url_of("email", region).await;
            assert_eq!(url.ok().as_deref(), want, "{region}");
        }
    }

    #[tokio::test]
    async fn endpoints_are_those_of_the_sdk() {
        let endpoints = Endpoints::default();
        for region in ["eu-central-1", "cn-north-1", "us-gov-west-1"] {
            for url in [None, Some("http://127.0.0.1:8000")] {
                for fips in [false, url.is_none()] {
                    for table in ["users", "sessions", "users"] {
                        let params = Params::builder()
                            .region(region)
                            .set_endpoint(url.map(str::to_owned))
                            .use_fips(fips)
                            .resource_arn(table)
                            .account_id_endpoint_mode("preferred")
                            .build()
                            .expect("valid parameters");

                        let endpoint = endpoints.resolve_endpoint(&params).await;

                        let want = DefaultResolver::new();
                        let want = ResolveEndpoint::resolve_endpoint(&want, &params).await;
                        let (endpoint, want) = (endpoint.ok(), want.ok());
                        assert!(endpoint.is_some(), "{params:?}");
                        assert_eq!(endpoint, want, "{params:?}");
                    }
                }
            }
        }
    }
}
