use super::kind::Kind;
use super::{MINUTE, administrator, long, outcome, sending};

/// Who asks by the other way stops no code that is on its way.
#[tokio::test]
async fn a_reset_by_mail_and_then_by_sms_has_two_codes_that_are_right() {
    for by_mail in [true, false] {
        let app = sending().await;
        let admin = administrator(&app).await;
        let id = Kind::SmsReset.user(admin, "mini").await;
        let (mail, sms) = (Kind::MailReset.request(&id), Kind::SmsReset.request(&id));
        admin.ask(mail.0, mail.1).await.unwrap();
        let mailed = long(&app.outbox().pop().unwrap());
        // Within the minute, nothing is sent by the other way either.
        admin.ask(sms.0, sms.1.clone()).await.unwrap();
        assert_eq!(app.outbox().pop().unwrap().channel, "email");
        let later = admin.later(MINUTE);
        later.ask(sms.0, sms.1).await.unwrap();
        let sent = app.outbox().pop().unwrap();
        assert_eq!(sent.channel, "sms");
        assert_ne!(mailed, long(&sent));

        let (code, other) = if by_mail {
            (mailed, long(&sent))
        } else {
            (long(&sent), mailed)
        };
        Kind::MailReset.enter(later, &id, &code).await.unwrap();
        let again = Kind::MailReset.enter(later, &id, &other).await;
        assert_eq!(outcome(&again), "CODE-woT0xc");
    }
}
