use std::fmt;

use http::HeaderMap;

/// The id of a trace in X-Ray, such as `1-5759e988-bd862e3fe1be46a994272793`.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceId(String);

impl TraceId {
    /// Reads the root of a header, or of a variable of the same form. A load balancer may put
    /// fields before the root.
    ///
    /// `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`
    pub fn parse(header: &str) -> Option<Self> {
        let mut fields = header.split(';').map(str::trim);
        let id = fields.find_map(|field| field.strip_prefix("Root="))?;
        let is_hex = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let (time, random) = id.strip_prefix("1-")?.split_once('-')?;
        (is_hex(time, 8) && is_hex(random, 24)).then(|| Self(id.to_owned()))
    }

    /// Reads the header that AWS's gateways and load balancers add.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get("x-amzn-trace-id")?.to_str().ok()?)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[test]
fn a_trace_id_is_a_root() {
    let id = "1-5759e988-bd862e3fe1be46a994272793";
    for (header, want) in [
        (format!("Root={id}"), true),
        (format!("Root={id};Parent=53995c3f42cd8ad8;Sampled=1"), true),
        (
            format!("Self=1-67891234-12456789abcdef012345678;Root={id}"),
            true,
        ),
        (format!("Self={id}; Root={id}"), true),
        (format!("Self={id}"), false),
        (format!("Root={id}0"), false),
        (format!("Root={id}\""), false),
        (format!("Root=2{}", &id[1..]), false),
        ("Root=1-5759e988-bd862e3fe1be46a99427279g".to_owned(), false),
        ("Root=1-5759e988bd862e3fe1be46a994272793".to_owned(), false),
        ("Root=".to_owned(), false),
        (String::new(), false),
    ] {
        let got = TraceId::parse(&header).map(|id| id.to_string());
        assert_eq!(got.as_deref(), want.then_some(id), "{header}");
    }
}
