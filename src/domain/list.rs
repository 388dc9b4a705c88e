use super::{Session, SessionId, Timestamp, UserId};

/// Which part of a list is wanted, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Entries to pass over.
    pub offset: u64,
    /// Entries that there are at most: 1 to [`LimitTooHigh::MAX`].
    pub limit: u32,
    /// The oldest first; else the newest.
    pub ascending: bool,
}

/// A page with more entries than that is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitTooHigh;

impl LimitTooHigh {
    pub const MAX: u32 = 1000;
}

impl Page {
    /// Of a page whose caller asks for none.
    const DEFAULT_LIMIT: u32 = 100;

    /// A `limit` of 0 is the default.
    pub fn new(offset: u64, limit: u32, ascending: bool) -> Result<Self, LimitTooHigh> {
        let limit = match limit {
            0 => Self::DEFAULT_LIMIT,
            1..=LimitTooHigh::MAX => limit,
            _ => return Err(LimitTooHigh),
        };
        Ok(Self {
            offset,
            limit,
            ascending,
        })
    }
}

/// The first entries, the newest first.
impl Default for Page {
    fn default() -> Self {
        Self {
            offset: 0,
            limit: Self::DEFAULT_LIMIT,
            ascending: false,
        }
    }
}

/// How a time is compared with another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Equals,
    Greater,
    GreaterOrEquals,
    Less,
    LessOrEquals,
}

impl Compare {
    /// Of a time of ours, with one in nanoseconds since 1970.
    fn holds(self, time: Timestamp, with_nanos: i128) -> bool {
        let nanos = i128::from(time.as_millis()) * 1_000_000;
        match self {
            Self::Equals => nanos == with_nanos,
            Self::Greater => nanos > with_nanos,
            Self::GreaterOrEquals => nanos >= with_nanos,
            Self::Less => nanos < with_nanos,
            Self::LessOrEquals => nanos <= with_nanos,
        }
    }
}

/// What a session that is listed must be like. A filter that names nothing matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Without those that no session has.
    Ids(Vec<SessionId>),
    /// Those of a user in which more than the user was proved: anybody who may name users can
    /// make others.
    User(UserId),
    /// With a time in nanoseconds since 1970.
    Created(Compare, i128),
    Expires(Compare, i128),
    /// A user who created it; None is the caller itself.
    Creator(Option<UserId>),
    /// The fingerprint id of the user agent; None is that of the caller's own session.
    Fingerprint(Option<String>),
    Nothing,
}

impl Filter {
    /// Whether `session` is like that, if `caller` is the caller's name and `fingerprint`
    /// that of the caller's session.
    pub fn matches(&self, session: &Session, caller: &str, fingerprint: Option<&str>) -> bool {
        match self {
            Self::Ids(ids) => ids.contains(&session.id),
            Self::User(id) => {
                let of_user = session.user.as_ref().map(|user| &user.user_id);
                session.password.is_some() && of_user == Some(id)
            }
            Self::Created(compare, nanos) => compare.holds(session.created_at, *nanos),
            Self::Expires(compare, nanos) => compare.holds(session.expires_at, *nanos),
            Self::Creator(None) => session.creator == caller,
            Self::Creator(Some(id)) => session
                .creator
                .strip_prefix("user:")
                .is_some_and(|creator| creator == id.as_str()),
            Self::Fingerprint(wanted) => {
                let agent = session.user_agent.as_ref();
                let own = agent.and_then(|agent| agent.fingerprint_id());
                let wanted = wanted.as_deref().or(fingerprint);
                wanted.is_some() && own == wanted
            }
            Self::Nothing => false,
        }
    }
}

#[test]
fn a_page_has_at_most_a_thousand_sessions() {
    for (limit, want) in [
        (0, Ok(100)),
        (1, Ok(1)),
        (101, Ok(101)),
        (1000, Ok(1000)),
        (1001, Err(LimitTooHigh)),
        (u32::MAX, Err(LimitTooHigh)),
    ] {
        let page = Page::new(0, limit, false);
        assert_eq!(page.map(|page| page.limit), want, "{limit}");
    }
}

#[test]
fn times_are_compared_to_the_nanosecond() {
    use Compare::{Equals, Greater, GreaterOrEquals, Less, LessOrEquals};

    let time = Timestamp::from_millis(1);
    for (compare, [before, at, after]) in [
        (Equals, [false, true, false]),
        (Greater, [true, false, false]),
        (GreaterOrEquals, [true, true, false]),
        (Less, [false, false, true]),
        (LessOrEquals, [false, true, true]),
    ] {
        assert_eq!(compare.holds(time, 999_999), before, "{compare:?}");
        assert_eq!(compare.holds(time, 1_000_000), at, "{compare:?}");
        assert_eq!(compare.holds(time, 1_000_001), after, "{compare:?}");
    }
}
