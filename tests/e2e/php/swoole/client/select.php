<?php
/* swoole_client_select() */
require __DIR__ . '/peers.php';

use Swoole\Client;

$a = to('echo');
$b = to('echo');
$never = null;
$none = [];

$read = ['a' => $a, 7 => $b];
same('nothing yet', 0, swoole_client_select($read, $never, $never, LITTLE));
same('reduced to nothing', [], $read);
$b->send('x');
$read = ['a' => $a, 7 => $b];
same('one', 1, swoole_client_select($read, $never, $never, MUCH));
same('with its key', [7 => $b], $read);
$read = [$a, $b];
$write = ['w' => $a, 'v' => $b];
$error = [$a, $b];
same('who reads and who writes', 3, swoole_client_select($read, $write, $error, MUCH));
same('each array', [[1 => $b], ['w' => $a, 'v' => $b], []], [$read, $write, $error]);
same('it reads', 'x', $b->recv());

/* The end is something to read. */
$c = to('closes');
$read = [$a, $c];
same('the end', 1, swoole_client_select($read, $never, $never, MUCH));
same('of that', [1 => $c], $read);
$c = to('resets');
$c->send('x');
$read = [];
$error = [$c];
same('an error', 1, swoole_client_select($read, $never, $error, MUCH));
same('of that', [$c], $error);

/* What is inside already is ready at once: a package, decrypted bytes. */
$c = to('says', ['open_eof_split' => true, 'package_eof' => '#']);
$c->send('100 ' . bin2hex('a#b#half') . "\n");
same('first', 'a#', $c->recv());
$read = [$a, $c];
same('a package inside', 1, swoole_client_select($read, $never, $never, MUCH));
same('of that', [1 => $c], $read);
same('second', 'b#', $c->recv());
$read = [$a, $c];
same('half a package is none', 0, swoole_client_select($read, $never, $never, 0));
$c = to('tls', [], SWOOLE_SOCK_TCP | SWOOLE_SSL);
$c->recv(1);
$read = [$c];
same('decrypted bytes', 1, swoole_client_select($read, $never, $never, MUCH));

/* Others: streams, descriptors. */
$pair = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
fwrite($pair[0], "line one\nline two\n");
$read = [$pair[1], $a];
same('a stream', 1, swoole_client_select($read, $never, $never, MUCH));
same('that', [$pair[1]], $read);
fgets($pair[1]);
$read = [$pair[1]];
same('bytes in the buffer of a stream', 1, swoole_client_select($read, $never, $never, 0));
$b->send('y');
$read = [$b->sock, $a->sock];
same('numbers', 1, swoole_client_select($read, $never, $never, MUCH));

/* By reference, and what it was stays. */
$clients = [$a, $b];
$copy = $clients;
swoole_client_select($clients, $never, $never, MUCH);
same('a copy is not touched', [$a, $b], $copy);
$holder = new class {
    public array $list = [];
};
$holder->list = [$a, $b];
same('a property', 1, swoole_client_select($holder->list, $never, $never, MUCH));
same('alias', 1, [$read = [$b], swoole_select($read, $never, $never, MUCH)][1]);

/* Limits. */
$read = [$a];
$begin = microtime(true);
same('half a second', 0, swoole_client_select($read, $never, $never));
same('passed', true, microtime(true) - $begin >= 0.49 && microtime(true) - $begin < 5);
$read = [$a];
same('none', 0, swoole_client_select($read, $never, $never, 0));

/* Nothing to wait for. */
$warning = 'swoole_client_select(): ';
warns('nothing', $warning, fn () => swoole_client_select($none, $never, $never, MUCH));
warns('nothing at all', $warning, fn () => swoole_client_select($never, $never, $never, MUCH));
$a->close();
$closed = [$a];
warns('a closed one', $warning, fn () => swoole_client_select($closed, $never, $never, MUCH));
$odd = ['text', 1.5, new stdClass(), -1, PHP_INT_MAX];
warns('no clients', $warning, fn () => swoole_client_select($odd, $never, $never, MUCH));
$text = 'text';
throws('no array', TypeError::class, null, fn () => swoole_client_select($text, $never, $never));

/* Asking may run user code, which may do anything to the arrays. */
class Nasty
{
    public $context;
    public function stream_open($path, $mode, $options, &$opened)
    {
        return true;
    }
    public function stream_cast(int $as)
    {
        $GLOBALS['read'] = null;
        $GLOBALS['write'] = range(1, 1000);
        return false;
    }
}
stream_wrapper_register('nasty', Nasty::class);
$read = [fopen('nasty://x', 'r'), $b];
$write = [$b];
same('arrays that change meanwhile', 2, @swoole_client_select($read, $write, $never, MUCH));
same('are as they were asked', [[1 => $b], [$b]], [$read, $write]);
echo "done\n";
