"""swoole_mysql (contract L.5), against the server of lib/mysql_peer.py: the example of the API notes, and php/swoole/mysql/queries.php."""

import os

import pytest

from lib.mysql_peer import MysqlPeer
from lib.script import script  # noqa: F401 - a fixture


@pytest.fixture
def mysql(tmp_path):
    started = [MysqlPeer(), MysqlPeer(str(tmp_path / "mysql.sock"))]
    yield started[0]
    for peer in started:
        peer.close()


def test_notes(script, mysql):
    s = script("mysql/notes.php", mysql.port)
    assert s.wait() == 0 and s.err == ""
    assert s.out == ('array(1) {\n  [0]=>\n  array(1) {\n    ["sql"]=>\n    string(25) "select name from articles"\n  }\n}\n'
                     "left: 2013\nMySQL connection is closed.\n")
    assert mysql.queries == ["select name from articles", "leave"]


def test_script(script, mysql, tmp_path):
    lines = script.check("mysql/queries.php", mysql.port, os.path.join(tmp_path, "mysql.sock"))
    assert len(lines) > 100 and mysql.quits > 5


def test_in_a_worker(script, mysql, server):
    """A request that is answered when its query is: several of one worker at the same time."""
    s = server(code="""<?php
        $http = new Swoole\\Http\\Server('127.0.0.1', (int)getenv('RS_PORT'));
        $http->set(['worker_num' => 1, 'enable_coroutine' => false]);
        $http->on('request', function ($request, $response) {
            $db = new swoole_mysql;
            $db->connect(['host' => '127.0.0.1', 'port' => (int)getenv('RS_MYSQL'), 'user' => 'sha2', 'password' => 'secret', 'database' => 'x'],
                fn ($db) => $db->query('rows 5', function ($db, $rows) use ($response) {
                    $db->close();
                    $response->end((string)count($rows));
                }));
        });
        $http->start();""", env={"RS_MYSQL": str(mysql.port)})
    with s.conn() as a, s.conn() as b:
        for c in (a, b):
            c.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert [c.response().text for c in (a, b)] == ["5", "5"]
