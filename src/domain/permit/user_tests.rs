//! Tests of the users that a permit covers.

use super::*;
use crate::domain::{Factor, Factors, Proof, ServiceAccountName};
use Denial::Forbidden;

fn permit(operation: Operation, principal: Principal) -> Permit {
    Permit {
        access: Access::Public,
        operation: Some(operation),
        principal,
    }
}

fn id(text: &str) -> UserId {
    UserId::parse(text.to_owned()).unwrap()
}

fn user(proved_at: Timestamp) -> Principal {
    Principal::User {
        id: id("1"),
        session: SessionId::generate(),
        proof: Box::new(Proof {
            factors: Factors {
                verified_at: [(Factor::Password, proved_at)].into_iter().collect(),
                ..Factors::default()
            },
            kinds: FactorKinds::default(),
            lacking: None,
        }),
    }
}

fn service(permission: Permission) -> Principal {
    Principal::ServiceAccount {
        name: ServiceAccountName::parse("backend".into()).unwrap(),
        permissions: [permission].into_iter().collect(),
    }
}

#[test]
fn a_permission_covers_any_user_and_a_user_himself_alone() {
    use Operation::{DeleteSession, SetSession};
    use UserScope::{Any, Own};

    let at = Timestamp::from_millis(0);
    let deleter = || service(Permission::SessionDelete);
    for (operation, principal, own, other) in [
        // Its rules are the user himself and a permission.
        (DeleteSession, deleter(), Ok(Any), Ok(Any)),
        (DeleteSession, user(at), Ok(Own), Err(Forbidden)),
        (
            DeleteSession,
            service(Permission::UserDelete),
            Err(Forbidden),
            Err(Forbidden),
        ),
        (
            DeleteSession,
            Principal::Operator,
            Err(Forbidden),
            Err(Forbidden),
        ),
        // A permission alone, beside what is for sessions only.
        (SetSession, user(at), Err(Forbidden), Err(Forbidden)),
        (
            SetSession,
            service(Permission::SessionWrite),
            Ok(Any),
            Ok(Any),
        ),
    ] {
        let permit = permit(operation, principal);
        assert_eq!(permit.user(&id("1")), own, "{permit:?}");
        assert_eq!(permit.user(&id("2")), other, "{permit:?}");
    }
    // Anybody may create a session under this access mode.
    for operation in [Operation::CreateSession, DeleteSession] {
        let anonymous = permit(operation, Principal::Anonymous);
        assert_eq!(anonymous.user(&id("1")), Err(Denial::Unauthenticated));
    }
}

#[test]
fn a_user_has_to_have_proved_lately_who_he_is() {
    let fresh = Duration::from_secs(30);
    let now = Timestamp::from_millis(100_000);
    for (proved_at, want) in [
        (70_000, Err(Denial::ProofTooOld)),
        (70_001, Ok(())),
        (100_000, Ok(())),
    ] {
        let user = user(Timestamp::from_millis(proved_at));
        let permit = permit(Operation::DeleteSession, user);
        assert_eq!(permit.require_fresh(now, fresh), want, "{proved_at}");
        assert!(permit.session().is_some());
    }
    let service = permit(Operation::DeleteSession, service(Permission::UserWrite));
    assert_eq!(service.require_fresh(now, fresh), Ok(()));
    assert_eq!(service.session(), None);
}
