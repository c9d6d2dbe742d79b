"""An advice saved as a mail: encoded headers and bodies, alternatives, attachments, forwarded mails; each payment once."""

from __future__ import annotations

import io
from email import policy
from email.message import EmailMessage

import pytest
from reportlab.pdfgen.canvas import Canvas

from trueup.base.errors import Unreadable
from trueup.domain.remittances import Remittance
from trueup.formats.recognise import known_formats, recognise
from trueup.formats.remittance.advice import NAME, read_advice

_ROWS = (("INV-1001", "100.00"), ("INV-1001SC", "(20.00)"))


def text_of(number: str, rows: tuple[tuple[str, str], ...] = _ROWS, total: str = "80.00") -> str:
    """An advice as plain text."""
    lines = "\n".join(f"{name:<20}11-OCT-2026    {'PO 4XY/ONT8':<24}{amount:>12}" for name, amount in rows)
    return (
        f"Payment made to:  RIVERSIDE WARES\nPayment number:   {number}\nPayment date:     12-OCT-2026\n"
        f"Payment currency: USD\nPayment amount:   {total}\n\n"
        f"{'Invoice Number':<20}{'Invoice Date':<15}{'Description':<24}{'Amount Paid':>12}\n{lines}\n"
    )


def html_of(number: str) -> str:
    """The same as HTML, with words that only encodings carry."""
    rows = "".join(
        f"<tr><td>{name}</td><td>11-OCT-2026</td><td>Größe 4XY</td><td>{paid}</td></tr>" for name, paid in _ROWS
    )
    return (
        f"<html><body><p>Payment made to: RIVERSIDE WARES</p><p>Payment number: {number}</p><p>Payment date: 12-OCT-2026</p>"
        "<p>Payment currency: USD</p><p>Payment amount: 80.00</p><table><tr><th>Invoice Number</th><th>Invoice Date</th>"
        f"<th>Description</th><th>Amount Paid</th></tr>{rows}</table></body></html>"
    )


def pdf_of(number: str) -> bytes:
    """The same as a PDF."""
    out = io.BytesIO()
    canvas = Canvas(out, invariant=True)
    canvas.setFont("Courier", 8)
    for at, line in enumerate(text_of(number).splitlines()):
        canvas.drawString(30, 800 - 12 * at, line)
    canvas.save()
    return out.getvalue()


def mail(subject: str = "Remittance advice", body: str = "See attachment.", encoding: str = "7bit") -> EmailMessage:
    """A mail with a text body."""
    made = EmailMessage(policy=policy.SMTP)
    made["From"], made["To"], made["Subject"] = "Amazon <noreply@amazon.example>", "ar@riverside.example", subject
    made.set_content(body, cte=encoding)
    return made


def payments(content: bytes) -> list[Remittance]:
    """What a mail tells of, once it is recognised as an advice and nothing else."""
    assert recognise(content, known_formats()).name == NAME
    return list(read_advice(content).values)


def check(told: Remittance, number: str) -> None:
    assert told.payment == number
    assert [(line.reference, line.paid) for line in told.lines] == [("INV-1001", 100_00), ("INV-1001SC", -20_00)]
    assert told.amount.minor == 80_00 and not told.tie


@pytest.mark.parametrize("encoding", ["7bit", "quoted-printable", "base64"])
def test_a_body_is_decoded_however_it_was_sent(encoding: str) -> None:
    """Whatever the transfer encoding: lines that a mail system wrapped or coded are the lines that were written."""
    (told,) = payments(mail(body=text_of("700001"), encoding=encoding).as_bytes())
    check(told, "700001")


def test_html_in_another_charset_and_an_encoded_subject() -> None:
    """Letters of another code page are letters, in the subject as in the table."""
    made = mail(subject="Zahlungsavis – Remittance für Größe", body="This mail is HTML.")
    made.add_alternative(html_of("700002"), subtype="html", charset="iso-8859-1", cte="quoted-printable")
    (told,) = payments(made.as_bytes())
    check(told, "700002")
    assert told.lines[0].description == "Größe 4XY"


@pytest.mark.parametrize("kind", ["pdf", "octet-stream"])
def test_an_attached_pdf_is_the_advice(kind: str) -> None:
    """Also where the mail system calls it a file of no kind."""
    made = mail()
    made.add_attachment(pdf_of("700003"), maintype="application", subtype=kind, filename="Advice.PDF")
    (told,) = payments(made.as_bytes())
    check(told, "700003")


def test_what_several_parts_say_is_said_once_and_other_payments_are_not_lost() -> None:
    """Text, HTML and a PDF of one payment are one; a second PDF, and a mail within the mail, tell of two more."""
    made = mail(body=text_of("700004"))
    made.add_alternative(html_of("700004"), subtype="html")
    for number in ("700004", "700005"):
        made.add_attachment(pdf_of(number), maintype="application", subtype="pdf", filename=f"{number}.pdf")
    made.add_attachment(mail(subject="Earlier advice", body=text_of("700006")))
    told = {each.payment: each for each in payments(made.as_bytes())}
    assert sorted(told) == ["700004", "700005", "700006"]
    for number, each in told.items():
        check(each, number)


def test_a_mail_without_an_advice_says_what_it_holds() -> None:
    """A person is told which parts there were, and what to do."""
    made = mail()
    made.add_attachment(b"PK", maintype="application", subtype="zip", filename="x.zip")
    with pytest.raises(Unreadable, match=r"application/zip, text/plain, and none of it tells a payment number; save"):
        read_advice(made.as_bytes())
