"""Writes a SIPp scenario from a short text, one line a message, on standard output. scenario.py <text >scenario.xml

  < INVITE | a=sendonly | !Require     is awaited; the message has the first expression in it, and not the second
  < 180?                               may come
  < 183 | RSeq                         is what the next PRACK is for
  > 200 sdp=recvonly | Require: timer  is sent, with a description and a further header
  > 180 sdp tag=b                      of another callee behind a proxy that forks
  > 487/INVITE                         answers the last INVITE, where something else has come since
  < 487/INVITE                         is the answer to it, where something else was sent since
  > BYE to=none cseq=1                 with the tag of nobody, out of turn
  > MESSAGE || text/plain Hello        with a body of that type
  pause 500

Where the first line awaits something SIPp is the callee, else the caller. sdp=unmet has nothing that anybody could agree to,
sdp=broken is none. A request within the call takes its turn in CSeq, an ACK or CANCEL that of its INVITE. What ends in \\ goes on
in the next line.
"""
import re
import sys
from xml.sax.saxutils import quoteattr

SDP = """v=0
o=sipp 1 {version} IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a={direction}"""
UNMET = SDP.replace("8 101", "98").replace("a=rtpmap:8 PCMA", "a=rtpmap:98 unheard-of").replace(
    "a=rtpmap:101 telephone-event/8000\n", "")
ALLOW = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE, MESSAGE, NOTIFY, REFER"
CONTACT = "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>"
CALLER = "<sip:sipp@[local_ip]:[local_port]>;tag=[pid]-s-[call_number]"
TARGET = "sip:[service]@[remote_ip]:[remote_port];transport=[transport]"


class Scenario:
    def __init__(self, lines):
        self.lines = lines
        self.caller = lines[0].startswith(">")
        self.elements, self.variables = [], set()
        self.steps = 0  # what SIPp counts messages by
        self.cseq, self.version = 0, 0
        self.in_dialog = False
        self.request = None  # the last one that came
        self.asked = None  # the last request sent
        self.invite = None  # step, cseq and Request-URI of the last INVITE sent
        self.refused = False

    def write(self):
        for line in self.lines:
            if line.startswith("pause"):
                self.add(f'<pause milliseconds="{line.split()[1]}"/>')
                continue
            head, _, body = line[1:].partition("||")
            head, *further = [part.strip() for part in head.split(" | ")]
            what, *options = head.split()
            options = dict((option + "=").split("=")[:2] for option in options)
            if line.startswith("<"):
                self.receive(what, further)
            elif what[0].isdigit():
                self.respond(what, options, further, body.strip())
            else:
                self.send_request(what, options, further, body.strip())
        names = ",".join(sorted(self.variables))
        if names:
            self.elements.append(f'<Reference variables="{names}"/>')
        return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', '<scenario name="written">', *self.elements, "</scenario>"])

    def add(self, element):
        self.elements.append(element)
        self.steps += 1

    def save(self, header, variable):
        self.variables.add(variable)
        return f'<ereg regexp=".*" search_in="hdr" header="{header}:" check_it="true" assign_to="{variable}"/>'

    def receive(self, what, expressions):
        optional = ' optional="true"' if what.endswith("?") else ""
        what, _, of = what.rstrip("?").partition("/")
        self.asked = of or self.asked
        actions = []
        if what[0].isdigit():
            attributes = f'response="{what}"'
            if self.asked == "INVITE" and what > "100":
                attributes += ' rrs="true"' if what < "300" else ""
                self.refused = what >= "300"
                self.in_dialog |= "200" <= what < "300"
                actions.append(self.save("To", "remote"))
            if "RSeq" in expressions:
                actions.append(self.save("RSeq", "rseq"))
        else:
            attributes = f'request="{what}"'
            self.request = what
            if what == "INVITE":
                attributes += ' rrs="true"'
                actions += [self.save("Via", "via"), self.save("CSeq", "invited")]
            if what == "INVITE" and not self.caller and not self.in_dialog:
                actions += [self.save("From", "remote"), self.save("To", "called")]
            if what == "ACK" and not self.caller:
                actions.append(self.save("To", "local"))
                self.in_dialog = True
        for number, expression in enumerate(expressions):
            inverse = ' check_it_inverse="true"' if expression.startswith("!") else ' check_it="true"'
            name = f"found_{self.steps}_{number}"
            self.variables.add(name)
            actions.append(f'<ereg regexp={quoteattr(expression.lstrip("!"))} search_in="msg"{inverse} assign_to="{name}"/>')
        self.add(f'<recv {attributes}{optional}><action>{"".join(actions)}</action></recv>')

    def body_of(self, options, body, lines):
        if body:
            content_type, _, text = body.partition(" ")
        elif "sdp" in options:
            self.version += 1
            content_type = "application/sdp"
            text = {"broken": "v=0\nm=audio nowhere", "unmet": UNMET}.get(options["sdp"], SDP).format(
                version=self.version, direction=options["sdp"] or "sendrecv")
        else:
            return "\n".join([*lines, "Content-Length: 0", "", ""])
        return "\n".join([*lines, f"Content-Type: {content_type}", "Content-Length: [len]", "", text.replace("\\n", "\n")])

    def send(self, lines, options, body, repeated):
        text = self.body_of(options, body, lines)
        self.add(f'<send{repeated}><![CDATA[\n\n{text}\n]]></send>')

    def respond(self, what, options, headers, body):
        status, _, to = what.partition("/")
        tag = "" if self.in_dialog or self.caller or self.request == "PRACK" else f";tag=[pid]-{options.get('tag', 's')}-[call_number]"
        callee = f"To:[$called];tag=[pid]-{options['tag']}-[call_number]" if to and "tag" in options else f"[last_To:]{tag}"
        lines = [f"SIP/2.0 {status} So", "Via:[$via]" if to else "[last_Via:]", "[last_From:]", callee, "[last_Call-ID:]",
                 "CSeq:[$invited]" if to else "[last_CSeq:]"]
        if (to or self.request) in ("INVITE", "UPDATE", "OPTIONS"):
            lines += [CONTACT, ALLOW]
        final_of_invite = status >= "200" and (to or self.request) == "INVITE"
        self.send(lines + headers, options, body, ' retrans="500"' if final_of_invite else "")

    def send_request(self, method, options, headers, body):
        uri = "[next_url]" if self.in_dialog or method == "PRACK" else TARGET
        branch = "[branch]"
        number = self.cseq + 1
        if method in ("ACK", "CANCEL"):
            step, number, invited = self.invite
            if method == "CANCEL" or self.refused:
                branch, uri = f"[branch-{self.steps - step}]", invited
        elif "cseq" in options:
            number = options["cseq"]
        else:
            self.cseq = number
        if method == "INVITE":
            self.invite = (self.steps, number, uri)
        to = "To:[$remote]" if self.in_dialog or method in ("ACK", "PRACK") else f"To: <{TARGET}>"
        if "to" in options:
            to = f"To: <{TARGET}>;tag={options['to']}"
        lines = [f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}", "Max-Forwards: 70",
                 f"From: {CALLER}" if self.caller else "From:[$local]", to, "Call-ID: [call_id]", f"CSeq: {number} {method}"]
        if method in ("INVITE", "UPDATE", "SUBSCRIBE", "REFER"):
            lines += [CONTACT, ALLOW]
        if method == "PRACK":
            lines.append(f"RAck:[$rseq] {self.invite[1]} INVITE")
        if method != "ACK":
            self.asked = method
        self.send(lines + headers, options, body, "" if method == "ACK" else ' retrans="500"')
        if method == "INVITE":
            self.receive("100?", [])


text = re.sub(r"\\\n\s*", "", sys.stdin.read())
print(Scenario([line.strip() for line in text.splitlines() if line.strip()]).write())
