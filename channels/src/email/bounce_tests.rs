//! Reports as relays write them: those of Postfix 3.7 are real, shortened, with other names.

use super::*;
use proptest::prelude::*;

/// A report of Postfix with these fields about its recipient.
fn report(fields: &str) -> String {
    let fields = fields.trim_start_matches('\n').replace('\n', "\r\n");
    format!(
        "Return-Path: <>\r\nDate: Mon, 23 Nov 2026 12:45:16 +0000 (UTC)\r\n\
         From: Mail Delivery System <MAILER-DAEMON@warn.example>\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"EAA3A9D80E2.1795437916/mx\"\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n--EAA3A9D80E2.1795437916/mx\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n<b@bad.example>: host said: 550 in words only\r\n\r\n\
         --EAA3A9D80E2.1795437916/mx\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.warn.example\r\nOriginal-Envelope-Id: W20260712.1\r\n\
         Arrival-Date: Mon, 23 Nov 2026 12:45:15 +0000 (UTC)\r\n\r\n{fields}\r\n\
         --EAA3A9D80E2.1795437916/mx\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         Subject: =?utf-8?b?44CQ57qi6Imy6aKE6K2m44CR?=\r\nMessage-ID: <1@warn.example>\r\n\r\n\
         --EAA3A9D80E2.1795437916/mx--\r\n"
    )
}

fn said(fields: &str) -> Said {
    read(report(fields).as_bytes())
}

fn news(status: ReceiptStatus, codes: &str) -> Said {
    Said::News(status, codes.to_owned())
}

fn nobody(codes: &str) -> Said {
    Said::Nobody(codes.to_owned())
}

#[test]
fn an_unknown_mailbox_is_a_bad_address() {
    let fields = "
Final-Recipient: rfc822; b@bad.example
Original-Recipient: rfc822;b@bad.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; 127.0.0.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown (in reply
    to RCPT TO command)
";
    let expected = nobody("failed 550 5.1.1");
    assert_eq!(said(fields), expected, "and no address is in the record");
}

#[test]
fn only_a_mailbox_delivers_and_what_a_next_relay_or_a_list_took_is_no_news() {
    let action = |action: &str| {
        said(&format!("Final-Recipient: rfc822; a@ok.example\nAction: {action}\nStatus: 2.0.0\n"))
    };
    assert_eq!(action("Delivered"), news(ReceiptStatus::Delivered, "delivered 2.0.0"));
    // Whoever took it may send it back: as delivered it would never fail.
    assert_eq!(["relayed", "Expanded"].map(action), [Said::NoNews, Said::NoNews]);
}

#[test]
fn a_delay_is_no_news() {
    let fields = "
Final-Recipient: rfc822; c@slow.example
Action: delayed
Status: 4.3.0
Diagnostic-Code: smtp; 450 4.3.0 Error: command failed
Will-Retry-Until: Mon, 23 Nov 2026 12:45:45 +0000 (UTC)
";
    assert_eq!(said(fields), Said::NoNews);
}

#[test]
fn a_relay_that_gave_up_says_failed_with_a_code_that_sounds_temporary() {
    let fields = "Final-Recipient: rfc822;c@slow.example\nAction: failed\nStatus: 4.3.0\n";
    assert_eq!(said(fields), news(ReceiptStatus::Expired, "failed 4.3.0"));
}

#[test]
fn each_class_of_failure_has_its_reason() {
    for (status, reason) in [
        ("5.1.4", Reason::BadAddress),
        ("5.1.7", Reason::NotAllowed),
        ("5.1.8", Reason::NotAllowed),
        ("5.2.2", Reason::Unreachable),
        ("5.3.4", Reason::Content),
        ("5.4.4", Reason::BadAddress),
        ("5.7.1", Reason::NotAllowed),
        ("5.4.1", Reason::Unreachable),
        ("5.0.0", Reason::Other),
        ("5.x", Reason::Other),
    ] {
        let Said::News(ReceiptStatus::Failed(told), _) = said(&format!("Action: failed\nStatus: {status}\n"))
        else {
            panic!("{status}")
        };
        assert_eq!(told, reason, "{status}");
    }
}

#[test]
fn a_mailbox_is_nobodys_only_where_the_code_says_so() {
    for status in ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"] {
        let told = said(&format!("Action: failed\nStatus: {status}\n"));
        assert_eq!(told, nobody(&format!("failed 550 {status}")));
    }
}

#[test]
fn the_report_counts_and_not_the_words_beside_it() {
    assert_eq!(
        said("Final-Recipient: rfc822; a@ok.example\nAction: teleported\nStatus: 2.0.0\n"),
        Said::Unknown
    );
    assert_eq!(said("Final-Recipient: rfc822; a@ok.example\n"), Said::Unknown, "no action, no news");
}

fn letter(headers: &str, words: &str) -> Said {
    let mail = format!("{headers}Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n");
    read(mail.as_bytes())
}

#[test]
fn who_is_on_holiday_has_not_failed() {
    let headers = "Return-Path: <>\r\nSubject: =?utf-8?b?6Ieq5Yqo5Zue5aSN?=\r\n\
                   Auto-Submitted: auto-replied (vacation)\r\n";
    assert_eq!(letter(headers, "我在休假。总有人收到 550 5.1.1，不是我"), Said::Automatic);
}

#[test]
fn a_person_who_answers_is_not_read() {
    assert_eq!(letter("Return-Path: <li@ok.example>\r\nSubject: Re\r\n", "收到"), Said::Unknown);
    let quoting =
        letter("Return-Path: <li@ok.example>\r\nSubject: Re\r\n", "你们给 wang 的信退回来了：550 5.1.1");
    assert_eq!(quoting, Said::Unknown, "only what comes from nobody is a report");
}

#[test]
fn a_provider_that_writes_a_letter_is_understood_by_the_code_that_it_quotes() {
    for words in
        ["退信原因 550 5.1.1 Mailbox not found", "host mx3.qq.com said: 550-5.1.1 no such user", "550 #5.1.1"]
    {
        let expected = nobody("failed 550 5.1.1");
        assert_eq!(letter("Return-Path: <>\r\nSubject: bounce\r\n", words), expected, "{words}");
    }
    assert_eq!(letter("Return-Path: <>\r\nSubject: bounce\r\n", "稍后再试 450 4.2.0"), Said::Unknown);
    let daemon = "Return-Path: <>\r\nFrom: PostMaster@qq.com\r\nAuto-Submitted: auto-replied\r\n";
    assert!(matches!(
        letter(daemon, "550 5.2.2 mailbox full"),
        Said::News(ReceiptStatus::Failed(Reason::Unreachable), _)
    ));
}

proptest! {
    #[test]
    fn no_mail_makes_it_panic(raw in any::<Vec<u8>>(), fields in any::<String>()) {
        let _any = read(&raw);
        let _report = said(&fields);
        let _letter = letter("", &fields);
    }
}

/// Reports of OpenSMTPD 6.8, shortened: their letter says what their fields do not.
fn opensmtpd(letter: &str, fields: &str) -> Said {
    let mail = format!(
        "Subject: Delivery status notification\r\nFrom: Mailer Daemon <MAILER-DAEMON@mx.warn.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed;boundary=\"48995839/mx\"\r\n\r\n\
         This is a MIME-encapsulated message.\r\n\r\n--48995839/mx\r\nContent-Description: Notification\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\r\n    Hi!\r\n\r\n{letter}\r\n\r\n--48995839/mx\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.warn.example\r\n\r\n\
         Final-Recipient: rfc822; c@ok.example\r\n{fields}\r\n\r\n--48995839/mx--\r\n"
    );
    read(mail.as_bytes())
}

#[test]
fn where_the_report_does_not_say_why_the_letter_may() {
    let failed = "Action: failed\r\nStatus: 5.0.0";
    let said = opensmtpd("c@ok.example: 550 5.1.1 no such mailbox", failed);
    assert_eq!(said, nobody("failed 550 5.1.1"));
    let said = opensmtpd("c@ok.example: 550 go away", failed);
    assert_eq!(said, news(ReceiptStatus::Failed(Reason::Other), "failed 550 5.0.0"));
}

#[test]
fn a_delay_whose_time_is_over_is_the_end() {
    let said = opensmtpd("c@ok.example: 452 4.2.2 mailbox full", "Action: delayed\r\nStatus: 4.0.0");
    assert_eq!(said, Said::NoNews);
    let said = opensmtpd("c@ok.example: Envelope expired", "Action: delayed\r\nStatus: 4.4.7");
    assert_eq!(said, news(ReceiptStatus::Expired, "delayed 4.4.7"));
}
