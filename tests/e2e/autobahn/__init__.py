"""The public Autobahn case families 1 to 7, 9 and 10 by number: cases.py says what is sent and what must come back,
client.py can send anything a WebSocket client must not, judge.py plays a case against a server."""
