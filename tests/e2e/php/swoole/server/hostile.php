<?php
/*
 * What a careful program does not do: objects whose conversions and destructors write to what is being read, user code that
 * waits for the server's own children, answers without end. One row of $cases for each path.
 */
class Rewriting
{
    public function __construct(private Swoole\Http\Response $response) {}

    public function __toString(): string
    {
        $this->response->header = [];
        for ($i = 0; $i < 100; $i++) {
            $this->response->header["X-Filler-$i"] = str_repeat('f', 100);
        }
        return 'text';
    }
}

class Looking
{
    public function __construct(private Swoole\Http\Response $response) {}

    public function __destruct()
    {
        $this->response->header['X-Late'] = (string)count($this->response->header);
    }
}

$cases = [
    '/rewriting' => function ($request, $response) {
        $response->header = ['X-First' => new Rewriting($response), 'X-Many' => ['1', new Rewriting($response), '2'], 'X-Last' => 'last'];
        $response->end('ok');
    },
    '/by-reference' => function ($request, $response) {
        $many = [new Rewriting($response), 'b'];
        $response->header = ['X-Many' => &$many];
        $response->end('ok');
    },
    '/init' => function ($request, $response) {
        $response->header = ['X-Old' => [new Looking($response)]];
        $response->initHeader();
        $response->end('ok');
    },
    '/huge-header' => function ($request, $response) {
        $response->header('X-Huge', str_repeat('h', 2 << 20));
        echo 'huge-header: ' . json_encode($response->end('ok')) . "\n";
    },
    '/huge-header-write' => function ($request, $response) {
        $response->header('X-Huge', str_repeat('h', 2 << 20));
        echo 'huge-header-write: ' . json_encode([$response->write('o'), $response->end('k')]) . "\n";
    },
    '/huge-trailer' => function ($request, $response) {
        $response->trailer('X-Huge', str_repeat('h', 1 << 20));
        $response->write('o');
        echo 'huge-trailer: ' . json_encode($response->end('k')) . "\n";
    },
    '/re-entered' => function ($request, $response) {
        $response->header = ['X-Ends' => new class($response) {
            public function __construct(private Swoole\Http\Response $response) {}
            public function __toString(): string
            {
                $this->response->header = [];
                $this->response->end('inner');
                return 'x';
            }
        }];
        $response->end('outer');
    },
    '/made-by-hand' => function ($request, $response) {
        $made = [];
        foreach (['Swoole\Http\Response', 'Swoole\Http\Request', 'Swoole\Server\Task', 'Swoole\Connection\Iterator'] as $class) {
            $bare = (new ReflectionClass($class))->newInstanceWithoutConstructor();
            foreach (['end', 'write', 'getContent', 'getData', 'finish', 'count', 'current', 'next', 'isWritable', 'initHeader'] as $method) {
                if (method_exists($bare, $method)) {
                    try {
                        $made[] = @$bare->$method('x');
                    } catch (Throwable $e) {
                        $made[] = get_class($e);
                    }
                }
            }
            try {
                unserialize(serialize($bare));
                $twin = clone $bare;
            } catch (Throwable $e) {
            }
        }
        try {
            $twin = clone $response;
            $twin->end('twin');
        } catch (Throwable $e) {
        }
        $response->end('ok');
    },
    '/forks' => function ($request, $response) {
        $pid = pcntl_fork();
        if ($pid) {
            pcntl_waitpid($pid, $status);
            $response->end((string)$status);
        }
        // The child returns into a server that is not its own.
    },
    '/misused' => function ($request, $response) {
        foreach ([5, 'text', null, new stdClass, [1, [2, [3]], new stdClass]] as $value) {
            foreach (['header', 'cookie', 'trailer', 'fd'] as $name) {
                $response->$name = $value;
                $request->$name = &$response->$name;
            }
            $response->header('X-B', [1, null, 2.5, true]);
            $response->initHeader();
        }
        $request->tmpfiles = [__FILE__, '/etc/passwd'];
        $response->header('X-A', 'b');
        $response->cookie('c', 'd');
        $response->trailer('X-T', 't');
        $response->end('ok');
    },
    '/flood' => function ($request, $response) {
        $piece = str_repeat('x', 1 << 16);
        $refused = 0;
        for ($i = 0; $i < 4096 && !$refused; $i++) {
            $refused = $response->write($piece) ? 0 : swoole_last_error();
        }
        file_put_contents(getenv('RS_DIR') . '/flood', "$i $refused");
        $response->end();
    },
    '/stream' => function ($request, $response) {
        $piece = str_repeat('x', 1 << 16);
        $good = 0;
        for ($i = 0; $i < 1024; $i++) {
            $good += $response->write($piece);
        }
        file_put_contents(getenv('RS_DIR') . '/stream', (string)$good);
        $response->end();
    },
    '/pid' => fn($request, $response) => $response->end((string)getmypid()),
];

$server = new Swoole\Http\Server('127.0.0.1', (int)getenv('RS_PORT'));
$server->set(['worker_num' => 1, 'enable_coroutine' => (bool)getenv('RS_COROUTINE'), 'log_level' => SWOOLE_LOG_ERROR]);
if (getenv('RS_THIEF')) {
    // Waits for any child there is, so also for those that are not its own.
    $server->on('managerStart', function () {
        Swoole\Timer::tick(1, function () {
            while (pcntl_wait($status, WNOHANG) > 0) {
                echo "stolen\n";
            }
        });
    });
}
$server->on('request', fn($request, $response) => $cases[$request->server['request_uri']]($request, $response));
$server->start();
