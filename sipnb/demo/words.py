"""The invented words of the simulated records: categories, summaries, groups and causes. Nobody is named."""

from __future__ import annotations

#: service → category → subcategory → what a summary begins with (alternatives by `|`).
PHRASES: dict[str, dict[str, dict[str, str]]] = {
    "email": {
        "delivery": {
            "delayed": "mail arrives hours late|external mail is delayed|messages stay in the outbox",
            "rejected": "message bounced with an unknown recipient|supplier mail is rejected as spam",
        },
        "mailbox": {
            "quota": "mailbox is full and refuses new mail|please raise the mailbox quota",
            "shared mailbox": "no access to the shared mailbox|shared mailbox does not open|shared mailbox needed",
        },
        "calendar": {
            "meetings": "meeting invitations show the wrong time|room booking is not confirmed",
            "sharing": "colleague calendar is not visible|please share the team calendar",
        },
        "client": {
            "sign-in": "mail client asks for the password again and again|client does not start",
            "mobile": "mail on the phone stopped synchronising|phone shows no new mail",
        },
    },
    "payments": {
        "reconciliation": {
            "unmatched": "incoming payment is not matched to its invoice|statement shows unmatched items",
            "posting": "payment was posted twice|posting date of the batch is wrong",
        },
        "approval": {
            "workflow": "payment run waits for a second approval|approval workflow is stuck",
            "limits": "approval limit needs to change|limit refused a valid payment",
        },
        "bank interface": {
            "file transfer": "payment file was not sent to the bank|bank rejected the payment file",
            "certificates": "bank certificate expires soon|signature of the bank file is invalid",
        },
        "cards": {
            "terminal": "card terminal shows connection refused|terminal prints no receipt",
            "refunds": "refund did not reach the customer|refund was booked to the wrong card",
        },
    },
    "payroll": {
        "payslip": {
            "missing": "payslip is not in the portal|payslip of last month is missing",
            "amount": "overtime is missing on the payslip|tax class on the payslip is wrong",
        },
        "master data": {
            "bank details": "change of bank details is not applied|bank details were rejected",
            "leave": "leave balance does not match|parental leave is not recorded",
        },
        "reporting": {
            "statements": "annual tax statement is missing|social security statement needed",
            "exports": "payroll export to accounting failed|cost centre report is empty",
        },
        "time recording": {
            "bookings": "clock-in times were not transferred|time sheet is locked",
            "terminals": "badge is not read at the time terminal|time terminal is offline",
        },
    },
    "archive": {
        "retrieval": {
            "search": "search in the archive finds nothing|document cannot be opened",
            "restore": "please restore a folder from the archive|restored file is damaged",
        },
        "retention": {
            "deletion": "retention date of a folder is wrong|deletion report needed",
            "access": "no permission for the archive folder|access for auditors needed",
        },
    },
    "workplace": {
        "laptop": {
            "performance": "laptop is very slow after start|laptop freezes several times a day",
            "docking": "screens stay black on the docking station|docking station loses the network",
        },
        "printing": {
            "queue": "print jobs vanish from the queue|printer prints empty pages",
            "scanner": "scan to folder fails|scanner finds no network folder",
        },
        "software": {
            "installation": "please install the drawing software|installation stops with an error",
            "updates": "office update broke the add-in|update restarts the computer at work time",
        },
        "meeting room": {
            "video": "no picture in the meeting room|camera of the meeting room is not found",
            "audio": "microphone in the room does not work|echo in every call",
        },
    },
    "web-shop": {
        "checkout": {
            "payment step": "checkout stops at the payment step|customers cannot pay with a voucher",
            "basket": "basket is empty after sign-in|wrong shipping cost in the basket",
        },
        "release": {
            "errors": "error page after the release|product page fails since the release",
            "layout": "buttons overlap on phones|prices are cut off in the list",
        },
        "catalogue": {
            "prices": "price differs from the price list|discount is not shown",
            "stock": "item is shown as sold out although in stock|stock figures are late",
        },
        "accounts": {
            "sign-in": "customers cannot sign in|reset link of the shop does not work",
            "orders": "order history is empty|order confirmation was not sent",
        },
    },
    "service-desk": {
        "how-to": {
            "questions": "how to share a large file|how to book a training|where to find the travel form",
            "guides": "guide for the new phone needed|guide link is broken",
        },
        "hardware": {
            "orders": "new keyboard needed|replacement headset needed|order of a second screen",
            "returns": "please collect an old laptop|return of a phone",
        },
        "access": {
            "joiners": "new colleague needs a workplace|accounts for an intern needed",
            "movers": "change of department needs new rights|move to another office",
        },
        "faults": {
            "unclear": "something does not work since the update|error message without a number",
            "telephony": "desk phone has no dial tone|calls are cut off",
        },
    },
    "hr-portal": {
        "applications": {
            "forms": "form loses its entries|form cannot be submitted|wrong form is shown",
            "approvals": "leave request has no approver|approval mail has a dead link",
        },
        "content": {
            "search": "policy cannot be found|search shows outdated pages",
            "translations": "page is only in one language|translation of the form is wrong",
        },
        "profile": {
            "data": "old address is shown again|profile change was undone",
            "photo": "upload of a document fails|file type is refused",
        },
        "training": {
            "bookings": "training is booked twice|no place shown although free",
            "certificates": "certificate is missing|course is not marked as done",
        },
    },
    "erp": {
        "orders": {
            "purchase": "purchase order cannot be released|purchase order shows the wrong supplier",
            "sales": "sales order is blocked|delivery note is not created",
        },
        "finance": {
            "closing": "month-end closing job stopped|posting period is locked",
            "invoices": "invoice has no cost centre|invoice is blocked for payment",
        },
        "master data": {
            "materials": "material number is missing|unit of the material is wrong",
            "suppliers": "supplier record needs an update|supplier exists twice",
        },
        "authorisation": {
            "roles": "no authorisation for the transaction|role is missing after the transfer",
            "jobs": "night job did not finish|batch job failed with a lock",
        },
    },
    "network": {
        "connection": {
            "site link": "whole site has no connection|connection drops every few minutes",
            "office": "network socket is dead|no address from the network",
        },
        "wireless": {
            "coverage": "no wireless signal in the warehouse|wireless drops in the meeting rooms",
            "guests": "guest wireless page does not open|guest code is refused",
        },
        "remote access": {
            "tunnel": "remote access is cut off after minutes|tunnel does not connect",
            "speed": "remote desktop is very slow|file transfer from home is slow",
        },
        "firewall": {
            "rules": "new rule for a supplier needed|application is blocked by the firewall",
            "names": "name of the server is not resolved|wrong address for a server name",
        },
    },
    "chat-assistant": {
        "answers": {
            "wrong": "assistant gives an outdated answer|assistant names the wrong form",
            "none": "assistant does not understand the question|assistant ends the chat",
        },
        "hand-over": {
            "agent": "no hand-over to an agent|chat is lost at the hand-over",
            "tickets": "assistant opened the ticket twice|ticket of the chat is empty",
        },
        "access": {
            "sign-in": "assistant asks to sign in again|assistant is not shown in the portal",
            "language": "assistant answers in the wrong language|language cannot be changed",
        },
    },
    "identity": {
        "password": {
            "reset": "password reset link has expired|password was reset but is refused",
            "locked": "account is locked|account locks itself every morning",
        },
        "second factor": {
            "device": "new phone for the second factor|code of the second factor is refused",
            "enrolment": "enrolment of the second factor fails|recovery code needed",
        },
        "rights": {
            "requests": "right was approved but is missing|please remove an old right",
            "reviews": "review of rights shows former roles|review cannot be closed",
        },
        "sign-on": {
            "single sign-on": "single sign-on loops|application asks for its own password",
            "sessions": "session ends after a few minutes|signed out at every page",
        },
    },
}

#: What a summary ends with; most end with nothing.
TAILS = (
    "",
    "",
    "",
    "since this morning",
    "since yesterday",
    "for several colleagues",
    "at the Leipzig site",
    "at the Bremen site",
    "at the Kassel site",
    "in the warehouse",
    "on the third floor",
    "again",
    "urgent before the deadline",
    "after the update",
)

#: The groups that resolve, besides the service desk: `<Name> Operations` and so on.
GROUP_ROLES = ("Operations", "Applications", "Infrastructure", "Supplier")

CHANNELS = ("portal", "phone", "email", "chat", "monitoring")

CAUSES = (
    "expired certificate",
    "full disk",
    "configuration error",
    "software defect",
    "supplier fault",
    "missing documentation",
    "capacity limit",
    "hardware fault",
)
OUTAGE_CAUSES = (
    "power",
    "supplier line",
    "hardware fault",
    "configuration error",
    "overload",
    "software defect",
)
