use std::fmt;

/// Where a field is in a request, as errors name it: `checks.user.user_id`.
pub(super) struct Path<'a> {
    outer: Option<&'a Path<'a>>,
    name: &'a str,
}

impl Path<'_> {
    pub const ROOT: Self = Path {
        outer: None,
        name: "the request",
    };

    pub fn join<'a>(&'a self, name: &'a str) -> Path<'a> {
        Path {
            outer: Some(self),
            name,
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outer {
            Some(outer) if outer.outer.is_some() => write!(f, "{outer}.{}", self.name),
            _ => f.write_str(self.name),
        }
    }
}
