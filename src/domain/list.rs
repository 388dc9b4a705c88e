use super::{Session, SessionId, Timestamp, UserId};

/// Which part of a list is wanted, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Entries to pass over.
    pub offset: u64,
    /// 0: as many as there may be.
    pub limit: u32,
    /// The oldest first; else the newest.
    pub ascending: bool,
}

impl Page {
    /// Of one answer: with all that a session may hold, 100 of them are 10 MB.
    pub const MOST: u32 = 100;

    pub fn size(self) -> u64 {
        match self.limit {
            0 => Self::MOST.into(),
            limit => limit.min(Self::MOST).into(),
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
            Self::User(id) => session
                .user
                .as_ref()
                .is_some_and(|user| user.user_id == *id),
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
fn a_page_has_at_most_a_hundred_sessions() {
    for (limit, size) in [(0, 100), (1, 1), (100, 100), (101, 100), (u32::MAX, 100)] {
        let page = Page {
            limit,
            ..Page::default()
        };
        assert_eq!(page.size(), size);
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
