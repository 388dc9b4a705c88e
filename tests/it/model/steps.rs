//! The steps of a run, and how they are drawn. Sessions are named by slots, so that leaving a step
//! out doesn't change the meaning of the others.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::option::weighted;
use proptest::prelude::*;
use sesame::api::Version;
use sesame::domain::Permission::{self, SessionDelete, SessionRead, SessionWrite};
use sesame::domain::UserState;

use crate::support::app::PASSWORD;
use crate::support::client::Wire;
use crate::support::faults::Fault;

/// A slot, which names the session that was created last in it, or else the last one in any.
pub type Slot = u8;
pub const SLOTS: u8 = 3;
/// The last of them never exists.
pub const USERS: usize = 3;
pub const NAMES: usize = 3;
/// The passwords that are tried. No user has the last one.
pub const PASSWORDS: [&str; 3] = [PASSWORD, "An0ther!", "wrong"];

pub const SERVICES: [(&str, &[Permission]); 5] = [
    ("backend", &Permission::ALL),
    ("writer", &[SessionWrite]),
    ("reader", &[SessionRead]),
    ("deleter", &[SessionDelete]),
    ("nobody", &[]),
];

#[derive(Clone, Debug)]
pub enum Step {
    Call {
        what: What,
        who: Who,
        wire: Wire,
        version: Version,
        faults: Vec<(Fault, usize)>,
    },
    Administer(usize, Deed),
    Pass(Pass),
}

#[derive(Clone, Debug)]
pub enum What {
    Create {
        slot: Slot,
        message: Message,
        key: Option<u8>,
    },
    Set {
        slot: Slot,
        token: Token,
        message: Message,
        if_match: Option<IfMatch>,
    },
    Get {
        slot: Slot,
        token: Token,
    },
    Delete {
        slot: Slot,
        token: Token,
    },
    List {
        filters: Vec<Filter>,
        offset: u64,
        limit: u32,
        ascending: bool,
    },
}

#[derive(Clone, Debug)]
pub struct Message {
    pub user: Option<Search>,
    /// The index of a password in [`PASSWORDS`].
    pub password: Option<usize>,
    pub metadata: BTreeMap<String, String>,
    /// The lifetime in seconds.
    pub lifetime: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
pub enum Search {
    Id(usize),
    Name(usize),
    /// By login name, in capitals.
    Shouted(usize),
    /// By one of the login names, of whichever user it is.
    SomeName(usize),
    /// By the id of one user and the login name of another or the same.
    Both(usize, usize),
}

#[derive(Clone, Copy, Debug)]
pub enum Token {
    None,
    Current,
    Former,
    Of(Slot),
    Garbage,
}

#[derive(Clone, Copy, Debug)]
pub enum IfMatch {
    Current,
    Former,
    Any,
}

#[derive(Clone, Copy, Debug)]
pub enum Who {
    Anonymous,
    /// A service account of [`SERVICES`].
    Service(usize),
    /// The bearer of the current token of that session.
    Session(Slot),
    Former(Slot),
    Stranger,
}

#[derive(Clone, Debug)]
pub enum Filter {
    Ids(Vec<Slot>),
    User(usize),
    OwnCreations,
}

#[derive(Clone, Copy, Debug)]
pub enum Deed {
    EndSessions,
    State(UserState),
    Unlock,
    /// Sets a password, and keeps the session in this slot.
    Password(usize, Option<Slot>),
    Delete,
    Add,
    Rename(usize),
}

#[derive(Clone, Copy, Debug)]
pub enum Pass {
    Millis(i64),
    /// To the end of a session, or to a millisecond before it.
    ToEnd(Slot, bool),
    /// To the end of the grace of the token that was just replaced, or to a millisecond before.
    ToGraceEnd(Slot, bool),
    /// To the end of a password's lock, or to a millisecond before it.
    ToUnlock(usize, bool),
}

/// A session names the first user, whose password is changed and then checked in it.
pub fn any_new_password() -> impl Strategy<Value = Vec<Step>> {
    let new = weighted(0.7, (0..2_usize, weighted(0.5, 0..SLOTS)));
    (0..SLOTS, new, 0..2_usize).prop_map(|(slot, new, password)| {
        let message = |user, password| Message {
            user,
            password,
            metadata: BTreeMap::new(),
            lifetime: None,
        };
        let naming = message(Some(Search::Id(0)), None);
        let proving = message(None, Some(password));
        let token = Token::Current;
        let deed = new.map_or(Deed::EndSessions, |(new, kept)| Deed::Password(new, kept));
        let call = |what| Step::Call {
            what,
            who: Who::Service(0),
            wire: Wire::Json,
            version: Version::V2,
            faults: Vec::new(),
        };
        vec![
            call(What::Create {
                slot,
                message: naming,
                key: None,
            }),
            Step::Administer(0, deed),
            call(What::Set {
                slot,
                token,
                message: proving,
                if_match: None,
            }),
            call(What::Get { slot, token }),
        ]
    })
}

pub fn any_step() -> impl Strategy<Value = Step> {
    let call = (
        any_what(),
        any_who(),
        any_wire(),
        any_version(),
        any_faults(),
    );
    prop_oneof![
        20 => call.prop_map(|(what, who, wire, version, faults)| {
            Step::Call { what, who, wire, version, faults }
        }),
        2 => (0..USERS, any_deed()).prop_map(|(user, deed)| Step::Administer(user, deed)),
        2 => any_pass().prop_map(Step::Pass),
    ]
}

/// Sessions to begin with.
pub fn any_opening() -> impl Strategy<Value = Step> {
    (0..SLOTS, any_message(), any_wire(), any_version()).prop_map(
        |(slot, message, wire, version)| Step::Call {
            what: What::Create {
                slot,
                message,
                key: None,
            },
            who: Who::Service(0),
            wire,
            version,
            faults: Vec::new(),
        },
    )
}

fn any_what() -> impl Strategy<Value = What> {
    let slot = || 0..SLOTS;
    let if_match = prop_oneof![
        2 => Just(IfMatch::Current),
        1 => Just(IfMatch::Former),
        1 => Just(IfMatch::Any),
    ];
    let set = (slot(), any_token(), any_message(), weighted(0.2, if_match));
    let filters = prop::collection::vec(any_filter(), 0..3);
    let list = (filters, 0..3_u64, 0..4_u32, any::<bool>());
    prop_oneof![
        3 => (slot(), any_message(), weighted(0.4, 0..2_u8))
            .prop_map(|(slot, message, key)| What::Create { slot, message, key }),
        6 => set.prop_map(|(slot, token, message, if_match)| What::Set {
            slot,
            token,
            message,
            if_match,
        }),
        3 => (slot(), any_token()).prop_map(|(slot, token)| What::Get { slot, token }),
        1 => (slot(), any_token()).prop_map(|(slot, token)| What::Delete { slot, token }),
        2 => list.prop_map(|(filters, offset, limit, ascending)| What::List {
            filters,
            offset,
            limit,
            ascending,
        }),
    ]
}

fn any_message() -> impl Strategy<Value = Message> {
    // The first is a user with a password, usually the right one.
    let user = || prop_oneof![4 => Just(0_usize), 2 => Just(1), 1 => Just(2)];
    let search = prop_oneof![
        3 => user().prop_map(Search::Id),
        3 => user().prop_map(Search::Name),
        1 => user().prop_map(Search::Shouted),
        1 => (0..NAMES).prop_map(Search::SomeName),
        1 => (user(), user()).prop_map(|(one, other)| Search::Both(one, other)),
    ];
    let password = prop_oneof![6 => Just(0_usize), 1 => Just(1), 1 => Just(2)];
    let metadata = prop::collection::btree_map("[ab]", prop_oneof!["", "1", "2"], 0..3);
    let lifetime = prop_oneof![1 => Just(1_u32), 6 => 2..121_u32, 1 => Just(121)];
    let parts = (
        weighted(0.6, search),
        weighted(0.5, password),
        metadata,
        weighted(0.2, lifetime),
    );
    parts.prop_map(|(user, password, metadata, lifetime)| Message {
        user,
        password,
        metadata,
        lifetime,
    })
}

fn any_token() -> impl Strategy<Value = Token> {
    prop_oneof![
        2 => Just(Token::None),
        8 => Just(Token::Current),
        3 => Just(Token::Former),
        1 => (0..SLOTS).prop_map(Token::Of),
        1 => Just(Token::Garbage),
    ]
}

fn any_who() -> impl Strategy<Value = Who> {
    prop_oneof![
        3 => Just(Who::Anonymous),
        8 => Just(Who::Service(0)),
        3 => (0..SERVICES.len()).prop_map(Who::Service),
        3 => (0..SLOTS).prop_map(Who::Session),
        1 => (0..SLOTS).prop_map(Who::Former),
        1 => Just(Who::Stranger),
    ]
}

fn any_wire() -> impl Strategy<Value = Wire> {
    prop::sample::select(&[Wire::Json, Wire::ConnectJson][..])
}

fn any_version() -> impl Strategy<Value = Version> {
    prop::sample::select(&Version::ALL[..])
}

fn any_filter() -> impl Strategy<Value = Filter> {
    prop_oneof![
        3 => prop::collection::vec(0..SLOTS, 0..4).prop_map(Filter::Ids),
        3 => (0..USERS).prop_map(Filter::User),
        1 => Just(Filter::OwnCreations),
    ]
}

fn any_deed() -> impl Strategy<Value = Deed> {
    const STATES: [UserState; 3] = [UserState::Active, UserState::Inactive, UserState::Locked];
    prop_oneof![
        2 => Just(Deed::EndSessions),
        3 => prop_oneof![3 => Just(UserState::Active), 1 => prop::sample::select(&STATES[..])]
            .prop_map(Deed::State),
        1 => Just(Deed::Unlock),
        3 => (prop_oneof![3 => Just(0_usize), 1 => Just(1)], weighted(0.5, 0..SLOTS))
            .prop_map(|(password, kept)| Deed::Password(password, kept)),
        1 => Just(Deed::Delete),
        2 => Just(Deed::Add),
        1 => (0..NAMES).prop_map(Deed::Rename),
    ]
}

fn any_pass() -> impl Strategy<Value = Pass> {
    prop_oneof![
        2 => (0..20_000_i64).prop_map(Pass::Millis),
        2 => (0..SLOTS, any::<bool>()).prop_map(|(slot, before)| Pass::ToEnd(slot, before)),
        1 => (0..SLOTS, any::<bool>()).prop_map(|(slot, before)| Pass::ToGraceEnd(slot, before)),
        1 => (0..USERS, any::<bool>()).prop_map(|(user, before)| Pass::ToUnlock(user, before)),
    ]
}

/// Usually no faults, or so few that each request succeeds after retries; sometimes more.
fn any_faults() -> impl Strategy<Value = Vec<(Fault, usize)>> {
    let late = (0..500_u64).prop_map(|millis| Fault::Late(Duration::from_millis(millis)));
    let fault = || {
        prop_oneof![
            3 => Just(Fault::ApplyThenReset),
            2 => Just(Fault::Cut),
            1 => Just(Fault::Reset),
            2 => late.clone(),
            1 => Just(Fault::Answer(400, "ProvisionedThroughputExceededException")),
            1 => Just(Fault::Answer(500, "InternalServerError")),
        ]
    };
    prop_oneof![
        4 => Just(Vec::new()),
        2 => fault().prop_map(|fault| vec![(fault, 1)]),
        2 => (fault(), fault()).prop_map(|(one, other)| vec![(one, 1), (other, 1)]),
        1 => (0..3_usize, fault(), 3..7_usize).prop_map(|(passed, fault, times)| {
            vec![(Fault::Delay(Duration::ZERO), passed), (fault, times)]
        }),
    ]
}
