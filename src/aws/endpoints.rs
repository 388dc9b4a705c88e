use std::sync::Mutex;

use aws_sdk_dynamodb::config::endpoint::{
    DefaultResolver, Endpoint, EndpointFuture, Params, ResolveEndpoint,
};

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

#[cfg(test)]
mod tests {
    use super::*;

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
