#!/usr/bin/env python3
"""The other side of the servers under test: clients, and a name server.

peer.py port                    a free UDP and TCP port
peer.py dns-serve PORT          answers every A question with 192.0.2.1
peer.py dns-ask PORT FIRST N    asks for N names; ends well if all are answered
peer.py http-get SOCKET         one request on a unix socket; ends well if 200
peer.py http-hold SOCKET N FIFO opens N connections, says "held", keeps them
                                until FIFO is closed
peer.py memcached-fill SOCKET N stores N values of many sizes
peer.py ldap-get SOCKET N       asks for N entries, uid=u0 and so on, below
                                dc=example,dc=test; ends well if all are there
peer.py ldap-hold SOCKET N FIFO as http-hold; each has asked for an entry
peer.py line SOCKET TEXT        one line to a unix socket, prints the answer
"""
import socket
import struct
import sys


def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        print(s.getsockname()[1])


def question(name):
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    return labels + b"\0" + struct.pack(">HH", 1, 1)


def dns_serve(number):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", int(number)))
    print("ready", flush=True)
    while True:
        ask, who = s.recvfrom(4096)
        end = 12
        while ask[end]:
            end += ask[end] + 1
        kind = struct.unpack(">H", ask[end + 1:end + 3])[0]
        answer = b""
        if kind == 1:
            answer = (b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 3600, 4) +
                      bytes([192, 0, 2, 1]))
        s.sendto(ask[:2] + struct.pack(">HHHHH", 0x8480, 1, bool(answer), 0, 0)
                 + ask[12:end + 5] + answer, who)


def dns_ask(number, first, count):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(("127.0.0.1", int(number)))
    s.settimeout(5)
    for i in range(int(first), int(first) + int(count)):
        ask = struct.pack(">HHHHHH", i & 0xffff, 0x100, 1, 0, 0, 0)
        ask += question("host%d.example.test" % i)
        for _ in range(3):
            s.send(ask)
            try:
                answer = s.recv(4096)
            except socket.timeout:
                continue
            if answer[:2] == ask[:2]:
                break
        else:
            sys.exit("no answer for host%d" % i)
        if answer[3] & 15 or struct.unpack(">H", answer[6:8])[0] < 1:
            sys.exit("no address for host%d" % i)


def unix(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(path)
    return s


def http_get(path):
    s = unix(path)
    s.sendall(b"GET / HTTP/1.0\r\n\r\n")
    if b" 200 " not in s.recv(4096):
        sys.exit("not served")


def http_hold(path, count, fifo):
    held = []
    for _ in range(int(count)):
        s = unix(path)
        s.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        s.recv(4096)
        s.sendall(b"GET /half HTTP/1.1\r\nHost:")
        held.append(s)
    with open(fifo) as f:
        print("held", flush=True)
        f.read()


def line(path, text):
    s = unix(path)
    s.sendall(text.encode() + b"\n")
    print(s.makefile().readline().rstrip("\n"))


def tlv(tag, data):
    size = bytes([len(data)])
    if len(data) > 127:
        size = b"\x82" + struct.pack(">H", len(data))
    return bytes([tag]) + size + data


def ldap_entry(s, f, number):
    """RFC 4511: a search below the base for one uid; how many were found."""
    base, want = b"dc=example,dc=test", b"u%d" % number
    ask = (tlv(4, base) + tlv(10, b"\2") + tlv(10, b"\0") + tlv(2, b"\0") +
           tlv(2, b"\0") + tlv(1, b"\0") +
           tlv(0xa3, tlv(4, b"uid") + tlv(4, want)) + tlv(0x30, b""))
    s.sendall(tlv(0x30, tlv(2, b"\1") + tlv(0x63, ask)))
    found = 0
    while True:
        size = f.read(2)[1]
        if size & 128:
            size = int.from_bytes(f.read(size & 127), "big")
        answer = f.read(size)
        if answer[3] == 0x65:
            return found
        found += 1


def ldap_get(path, count):
    s = unix(path)
    f = s.makefile("rb")
    sys.exit(any(ldap_entry(s, f, i) != 1 for i in range(int(count))))


def ldap_hold(path, count, fifo):
    held = [unix(path) for _ in range(int(count))]
    for i, s in enumerate(held):
        ldap_entry(s, s.makefile("rb"), i)
    print("held", flush=True)
    with open(fifo) as f:
        f.read()


def memcached_fill(path, count):
    s = unix(path)
    answers = s.makefile()
    for i in range(int(count)):
        size = 100 + i * 37 % 8000
        s.sendall(b"set k%d 0 0 %d\r\n%s\r\n" % (i, size, b"v" * size))
        if answers.readline().strip() != "STORED":
            sys.exit("not stored")


{"port": port, "dns-serve": dns_serve, "dns-ask": dns_ask,
 "http-get": http_get, "http-hold": http_hold, "ldap-get": ldap_get, "ldap-hold": ldap_hold,
 "memcached-fill": memcached_fill, "line": line}[sys.argv[1]](*sys.argv[2:])
