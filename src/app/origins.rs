use crate::host::Host;

/// The origins whose pages may call the service from a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    Any,
    /// Origins such as `https://app.example.com`, as browsers write them.
    List(Vec<String>),
    /// The origins of this machine: those whose host is `localhost` or a loopback address, with
    /// any port. No setting says so; it is what the local service takes without one.
    Loopback,
}

impl Origins {
    /// Lambda has 4 KB for all variables of a function.
    const MAX_BYTES: usize = 512;

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::List(Vec::new())),
            "*" => Some(Self::Any),
            _ if text.len() > Self::MAX_BYTES => None,
            _ => {
                let origins = text.split(',').map(str::trim);
                let origins = origins.map(|origin| is_origin(origin).then(|| origin.to_owned()));
                origins.collect::<Option<_>>().map(Self::List)
            }
        }
    }

    pub fn allow(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::List(origins) => origins.iter().any(|allowed| allowed == origin),
            Self::Loopback => origin
                .split_once("://")
                .and_then(|(_, host)| Host::parse(host))
                .is_some_and(|host| host.is_loopback()),
        }
    }
}

/// Whether a text is a scheme, a host and perhaps a port as browsers write them: in lower case,
/// without a default port, with nothing behind them.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else {
        return false;
    };
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
        return false;
    };
    let port = match (scheme, uri.port_u16()) {
        // Browsers leave out a default port.
        ("http", Some(80)) | ("https", Some(443)) => return false,
        (_, Some(port)) => format!(":{port}"),
        (_, None) => String::new(),
    };
    let upper_case = text.bytes().any(|byte| byte.is_ascii_uppercase());
    text == format!("{scheme}://{host}{port}") && !upper_case
}
