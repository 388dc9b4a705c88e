//! How a table of errors is made.

use http::StatusCode;

use super::Code;

/// What is fixed about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub code: Code,
    /// The HTTP status on the JSON paths.
    pub http: StatusCode,
    /// The name of this kind of error in logs and metrics.
    pub kind: &'static str,
    /// The text for clients, with `{}` for what an error carries.
    pub text: &'static str,
    /// ZITADEL's id of the error, by which its clients tell errors apart.
    pub id: Option<&'static str>,
}

/// Makes a type of errors and its table from one row for each error:
///
/// ```text
/// /// What the error means.
/// ///
/// /// What to do about it.
/// Name(what it carries = examples): CODE as HTTP_STATUS, "kind", "text" (arguments), "id";
/// ```
///
/// Without `as`, the HTTP status is that of the code. An error that both halves of the API have
/// has an id for commands, and behind a `/` one for queries. With `=> function` in place of the
/// code and the id, both depend on what the error carries.
///
/// Each `+ Name(Type)` behind the name of the type adds the errors of another table.
macro_rules! errors {
    (
        $(#[doc = $about:literal])+
        pub enum $type:ident $(+ $other_name:ident($other:ty))*;
        $(
            $(#[doc = $line:literal])+
            $name:ident $(($(#[$source:ident])? $carried:ty = $($example:expr),+))?
                $(
                    : $code:ident $(as $http:ident)?, $kind:literal,
                    $text:literal $(($($argument:tt)+))? $(, $id:literal $(/ $query_id:literal)?)?
                )?
                $(=> $by:path, $kind_by:literal, $text_by:literal)?;
        )+
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, thiserror::Error)]
        pub enum $type {
            $(
                $(#[doc = $line])+
                $(#[error($text $(, $($argument)+)?)])?
                $(#[error($text_by)])?
                $name $(($(#[$source])? $carried))?,
            )+
            $(
                #[error(transparent)]
                $other_name(#[from] $other),
            )*
        }

        impl $type {
            pub fn row(&self) -> Row {
                match self {
                    $(
                        $(Self::$name { .. } => Row {
                            code: Code::$code,
                            http: errors!(@http $code $($http)?),
                            kind: $kind,
                            text: $text,
                            id: errors!(@id self $($id $($query_id)?)?),
                        },)?
                        $(Self::$name(carried) => {
                            let (code, id) = $by(*carried);
                            Row {
                                code,
                                http: code.http,
                                kind: $kind_by,
                                text: $text_by,
                                id: Some(id),
                            }
                        })?
                    )+
                    $(Self::$other_name(other) => other.row(),)*
                }
            }

            /// An error of each row, and of each id where a row has several, with its
            /// documentation.
            pub(super) fn examples() -> Vec<(Self, &'static str)> {
                let mut examples = Vec::new();
                $(
                    let errors = errors!(@examples $name $($($example),+)?);
                    examples.extend(errors.map(|error| (error, concat!($($line, "\n"),+))));
                )+
                $(
                    let others = <$other>::examples().into_iter();
                    examples.extend(others.map(|(other, lines)| (Self::from(other), lines)));
                )*
                examples
            }
        }
    };
    (@http $code:ident) => { Code::$code.http };
    (@http $code:ident $http:ident) => { StatusCode::$http };
    (@id $error:ident) => { None };
    (@id $error:ident $id:literal) => { Some($id) };
    (@id $error:ident $id:literal $query_id:literal) => {
        match $error.side() {
            Some(ApiSide::Query) => Some($query_id),
            Some(ApiSide::Command) | None => Some($id),
        }
    };
    (@examples $name:ident) => { [Self::$name].into_iter() };
    (@examples $name:ident $($example:expr),+) => { [$(Self::$name($example)),+].into_iter() };
}
pub(super) use errors;
