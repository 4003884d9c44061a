<?php
/* swoole_mysql against lib/mysql_peer.py: MY1 to MY5. */
require __DIR__ . '/../memory/check.php';

[, $port, $path] = $argv;

function server(string $user = 'sha2', array $more = []): array
{
    return $more + ['host' => '127.0.0.1', 'port' => (int)$GLOBALS['port'], 'user' => $user, 'password' => 'secret', 'database' => 'shop', 'timeout' => 60];
}

/** Runs $then($db) with a connection, to the end of all that goes on. */
function connected(callable $then, array $server = null): swoole_mysql
{
    $db = new swoole_mysql;
    same('connect()', true, $db->connect($server ?? server(), function (swoole_mysql $db, bool $ok) use ($then) {
        same('connected', [true, true, swoole_mysql::STATE_QUERY], [$ok, $db->connected, $db->getState()]);
        $then($db);
    }));
    same('not yet', [false, swoole_mysql::STATE_QUERY], [$db->connected, $db->getState()]);
    Swoole\Event::wait();
    return $db;
}

/** E_USER_WARNING and false. */
function refuses(string $name, string $text, callable $call): void
{
    $seen = [];
    set_error_handler(function (int $level, string $text) use (&$seen): bool {
        $seen[] = $text;
        return true;
    });
    same($name, [false, ["Swoole\\MySQL::$text"]], [$call(), $seen]);
    restore_error_handler();
}

same('names', [true, true], [new swoole_mysql instanceof Swoole\MySQL, is_a('swoole_mysql_exception', Swoole\MySQL\Exception::class, true)]);
same('fresh', [false, -1, 0, '', 0, '', 0, 0, null], (fn ($d) => [$d->connected, $d->sock, $d->errno, $d->error, $d->connect_errno, $d->connect_error,
    $d->insert_id, $d->affected_rows, $d->serverInfo])(new swoole_mysql));

// ---- logging in

foreach (['native', 'sha2', 'full', 'switch'] as $user) {
    connected(function ($db) use ($user) {
        same("$user: socket", true, $db->sock > 0);
        same("$user: close", [true, false, false, -1, swoole_mysql::STATE_CLOSED], [$db->close(), $db->close(), $db->connected, $db->sock, $db->getState()]);
    }, server($user));
}
foreach (['sha2', 'full'] as $user) {
    connected(fn ($db) => $db->close(), server($user, ['host' => $path]));
    connected(fn ($db) => $db->close(), server($user, ['host' => "unix:$path"]));
}

function denied(string $name, array $server, int $errno, string $text): void
{
    $db = new swoole_mysql;
    $told = [];
    $db->on('close', function () use (&$told) { $told[] = 'close'; });
    $db->connect($server, function ($db, $ok) use (&$told) { $told[] = [$ok, $db->connect_errno]; });
    Swoole\Event::wait();
    same($name, [[[false, $errno]], false, -1, 0], [$told, $db->connected, $db->sock, $db->errno]);
    same("$name: text", true, str_contains($db->connect_error, $text));
}

denied('wrong password', server('native', ['password' => 'wrong']), 1045, 'Access denied');
denied('no password', server('native', ['password' => '']), 1045, 'Access denied');
denied('wrong password under the key', server('full', ['password' => 'wrong' . str_repeat('x', 50)]), 1045, 'Access denied');
denied('old passwords', server('old'), 2027, 'not known here');
denied('nobody listens', server('sha2', ['port' => 1]), 111, 'refused');
denied('no such socket', server('sha2', ['host' => '/no/such/socket']), 2, 'No such file');
denied('no answer', server('mute', ['timeout' => 0.1]), 110, 'timed out');

foreach (['host', 'user', 'password', 'database'] as $key) {
    throws("without $key", 'Swoole\MySQL\Exception', 11, fn () => (new swoole_mysql)->connect(array_diff_key(server(), [$key => 1]), 'strlen'));
}
throws('unknown charset', 'Swoole\MySQL\Exception', 11, fn () => (new swoole_mysql)->connect(server('sha2', ['charset' => 'gbk']), 'strlen'));
throws('a name that ends too early', 'Swoole\MySQL\Exception', 11, fn () => (new swoole_mysql)->connect(server("sha2\0x"), 'strlen'));

// ---- queries

/** The results of these queries, one after the other, of one connection. */
function results(array $queries, array $server = null): array
{
    $got = [];
    $next = function ($db) use (&$next, &$queries, &$got) {
        if (!$queries) {
            $db->close();
            return;
        }
        $db->query(array_shift($queries), function ($db, $result) use (&$next, &$got) {
            $got[] = [$result, $db->affected_rows, $db->insert_id, $db->errno, $db->error];
            $next($db);
        });
    };
    connected($next, $server);
    return $got;
}

[$update, $fails, $rows, $none, $call, $breaks, $echo] = results(['UPDATE t', 'fails', 'rows 3', 'none', 'call p', 'breaks', 'SELECT 1']);
same('update', [true, 3, 7, 0, ''], $update);
same('error', [false, -1, 0, 1064, 'You have an error in your SQL syntax'], $fails);
same('rows', [[['n' => '0'], ['n' => '1'], ['n' => '2']], 3, 0, 0, ''], $rows);
same('no rows', [], $none[0]);
same('several results: the first', [['a' => 'first']], $call[0]);
same('an error among the rows', [false, 1317], [$breaks[0], $breaks[3]]);
same('goes on after all that', [['sql' => 'SELECT 1']], $echo[0]);
[$plain] = results(['types']);
same('types: strings', ['i' => '-5', 'big' => '18446744073709551615', 'f' => '2.5', 's' => 'текст', 'none' => null, 'empty' => ''], $plain[0][0]);
[$strict] = results(['types'], server('sha2', ['strict_type' => true]));
same('types: strict', ['i' => -5, 'big' => '18446744073709551615', 'f' => 2.5, 's' => 'текст', 'none' => null, 'empty' => ''], $strict[0][0]);
[$many, $long, $huge] = results(['rows 20000', 'long 70000', 'long 17000000']);
same('many rows', [20000, '19999'], [count($many[0]), $many[0][19999]['n']]);
same('long values', [70000, 17000000], [strlen($long[0][0]['s']), strlen($huge[0][0]['s'])]);
$sql = 'SELECT ' . str_repeat('y', 7 << 20);
same('long query', strlen($sql), strlen(results([$sql])[0][0][0]['sql'] ?? ''));

connected(function ($db) {
    refuses('too long a query', 'query(): the query is too long', fn () => $db->query(str_repeat('z', 9 << 20), 'strlen'));
    refuses('empty query', 'query(): Query is empty', fn () => $db->query('', 'strlen'));
    $db->query('rows 1', function ($db) {
        same('begin', true, $db->begin(function ($db, $ok) {
            same('begun', true, $ok);
            $db->commit(function ($db, $ok) {
                same('committed', true, $ok);
                $db->rollback(fn ($db) => $db->close());
            });
        }));
    });
    same('state while it runs', swoole_mysql::STATE_READ_START, $db->getState());
    refuses('a second query', 'query(): mysql client is waiting for a result, one query at a time', fn () => $db->query('rows 1', 'strlen'));
    refuses('a second connection', 'connect(): the connection is there already, or about to be', fn () => $db->connect(server(), 'strlen'));
});
refuses('not connected', 'query(): mysql client is not connected to server', fn () => (new swoole_mysql)->query('rows 1', 'strlen'));
refuses('not an event', 'on(): unknown event types[message]', fn () => (new swoole_mysql)->on('message', 'strlen'));
same('nothing to close', false, (new swoole_mysql)->close());

connected(function ($db) {
    same('escape', "a\\'b\\\\c\\\"d\\0\\n\\r\\Z", $db->escape("a'b\\c\"d\0\n\r\x1a"));
    $db->query('strict', function ($db) {
        same('escape without backslashes', "a''b\\", $db->escape("a'b\\"));
        $db->close();
    });
});
refuses('escape without a connection', 'escape(): mysql client is not connected to server', fn () => (new swoole_mysql)->escape("'"));

// ---- ends

/** What is told, in order, when this is asked. */
function told(string $sql): array
{
    $told = [];
    connected(function ($db) use ($sql, &$told) {
        $db->on('Close', function ($db) use (&$told) { $told[] = ['close', $db->connected]; });
        $db->query($sql, function ($db, $result) use (&$told) { $told[] = [$result, $db->errno, $db->connected]; });
    });
    return $told;
}

same('the server leaves', [[false, 2013, false], ['close', false]], told('leave'));
same('the server leaves afterwards', [[true, 0, true], ['close', false]], told('late-leave'));
foreach (['a file of ours' => 'fb2f657463', 'a broken number' => '00fc', 'an empty packet' => ',', 'a column that is none' => '01,0364', 'rows too soon' => '02,fe00000200',
    'a length that is none' => '01,03646566' . '0000000161000c2d00ff000000fd0000000000,fe00000200,fe' . str_repeat('ff', 8)] as $name => $hex) {
    same($name, [[false, 2027, false], ['close', false]], told("hex $hex"));
}
same('packets out of order', [[false, 2027, false], ['close', false]], told('order'));

$told = [];
connected(function ($db) use (&$told) {
    $db->on('Close', function () use (&$told) { $told[] = 'close'; });
    $db->query('never', function ($db, $result) use (&$told) { $told[] = [$result, $db->errno]; });
    same('close while it runs', true, $db->close());
    $told[] = 'closed';
});
same('who waits is told', [[false, 2006], 'closed'], $told);

$order = [];
connected(function ($db) use (&$order) {
    $db->close();
    $db->connect(server(), function ($db, $ok) use (&$order) {
        $order[] = $ok;
        $db->query('rows 1', function ($db, $rows) use (&$order) {
            $order[] = count($rows);
            $db->close();
        });
    });
});
same('again', [true, 1], $order);

$done = 0;
for ($i = 0; $i < 20; $i++) {
    $db = new swoole_mysql;
    $db->connect(server(), function ($db) use (&$done) {
        $db->query('rows 2', function ($db, $rows) use (&$done) {
            $done += count($rows);
            $db->close();
        });
    });
}
unset($db);
Swoole\Event::wait();
same('many at the same time', 40, $done);

echo "done\n";
