//! The Lambda authorizer.

mod process;

use std::process::ExitCode;

use serde_json::Value;
use sesame::aws::{Roots, connect};
use sesame::config::{self, AuthorizerSettings, Faults};
use sesame::log::{Log, TraceId};
use sesame::store::Store;
use sesame::transport::lambda::authorizer::Authorizer;
use sesame::transport::lambda::run;

use self::process::{now, variable};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(variable, start, |authorizer, event, context| async move {
        let trace_id = context.xray_trace_id.as_deref().and_then(TraceId::parse);
        let answer = authorizer.authorize(&event, &context.request_id, trace_id, now());
        Ok::<Value, _>(answer.await?)
    })
    .await
}

async fn start(log: Log) -> Result<Authorizer, Faults> {
    let settings = AuthorizerSettings::read(variable);
    let endpoint = config::endpoint(variable);
    let (settings, endpoint) = config::merge(settings, endpoint)?;
    let store = Store::new(connect(endpoint, Roots::Amazon), settings.tables);
    let authorizer = Authorizer::new(store, settings.answer, settings.required, log);
    authorizer.warm_up(now()).await;
    Ok(authorizer)
}
