/// An operation of the API. Its text is the name of the rpc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    CreateSession,
    SetSession,
    GetSession,
    DeleteSession,
    ListSessions,
}

impl Operation {
    pub const ALL: [Self; 5] = [
        Self::CreateSession,
        Self::SetSession,
        Self::GetSession,
        Self::DeleteSession,
        Self::ListSessions,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateSession => "CreateSession",
            Self::SetSession => "SetSession",
            Self::GetSession => "GetSession",
            Self::DeleteSession => "DeleteSession",
            Self::ListSessions => "ListSessions",
        }
    }
}
