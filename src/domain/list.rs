use super::{Session, SessionId, Timestamp, UserId};

/// The part of a list that is requested, and its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The number of entries to skip.
    pub offset: u64,
    /// The maximum number of entries in the page: 1 to [`Page::MAX_LIMIT`].
    pub limit: u32,
    /// Whether the oldest come first; otherwise the newest do.
    pub ascending: bool,
}

impl Page {
    /// The limit of a request that gives none.
    const DEFAULT_LIMIT: u32 = 100;
    pub const MAX_LIMIT: u32 = 1000;

    /// A page of at most `limit` entries. A `limit` of 0 means the default. `None`: the limit is too
    /// high.
    pub fn new(offset: u64, limit: u32, ascending: bool) -> Option<Self> {
        let limit = match limit {
            0 => Self::DEFAULT_LIMIT,
            1..=Self::MAX_LIMIT => limit,
            _ => return None,
        };
        Some(Self {
            offset,
            limit,
            ascending,
        })
    }
}

/// The first page, the newest entries first.
impl Default for Page {
    fn default() -> Self {
        Self {
            offset: 0,
            limit: Self::DEFAULT_LIMIT,
            ascending: false,
        }
    }
}

/// How a session's time is compared with the time in a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Equals,
    Greater,
    GreaterOrEquals,
    Less,
    LessOrEquals,
}

impl Compare {
    /// Whether `time` compares like this with `other`, in nanoseconds since 1970.
    fn holds(self, time: Timestamp, other: i128) -> bool {
        let nanos = i128::from(time.as_millis()) * 1_000_000;
        match self {
            Self::Equals => nanos == other,
            Self::Greater => nanos > other,
            Self::GreaterOrEquals => nanos >= other,
            Self::Less => nanos < other,
            Self::LessOrEquals => nanos <= other,
        }
    }
}

/// A condition for the sessions of a list. A filter that names nothing matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The session has one of these ids. Texts that can't be a session's id are left out.
    Ids(Vec<SessionId>),
    /// The session is this user's and more than the name was checked. Without that condition,
    /// anybody who may name users could add sessions to the user's list.
    User(UserId),
    /// The creation date compares like this with a time in nanoseconds since 1970.
    Created(Compare, i128),
    /// The same for the expiration date.
    Expires(Compare, i128),
    /// This user created the session (None: the calling principal did).
    Creator(Option<UserId>),
    /// The user agent has this fingerprint id (None: that of the principal's own session).
    Fingerprint(Option<String>),
    Nothing,
}

impl Filter {
    /// Whether `session` matches. `principal` is the calling principal as text, `fingerprint`
    /// the fingerprint id of its own session.
    pub fn matches(&self, session: &Session, principal: &str, fingerprint: Option<&str>) -> bool {
        match self {
            Self::Ids(ids) => ids.contains(&session.id),
            Self::User(id) => {
                let user = session.factors.proved_user();
                user.is_some_and(|user| user.user_id == *id)
            }
            Self::Created(compare, nanos) => compare.holds(session.created_at, *nanos),
            Self::Expires(compare, nanos) => compare.holds(session.expires_at, *nanos),
            Self::Creator(None) => session.creator == principal,
            Self::Creator(Some(id)) => session.creator.strip_prefix("user:") == Some(id.as_str()),
            Self::Fingerprint(wanted) => {
                let agent = session.user_agent.as_ref();
                let own = agent.and_then(|agent| agent.fingerprint_id.as_deref());
                let wanted = wanted.as_deref().or(fingerprint);
                wanted.is_some() && own == wanted
            }
            Self::Nothing => false,
        }
    }
}

#[test]
fn a_date_filter_is_exact_to_the_nanosecond() {
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
