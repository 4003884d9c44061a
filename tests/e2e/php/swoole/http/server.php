<?php
// A route for each row of the contract's HTTP sections; test_server_http.py asks.
@mkdir(getenv('RS_DIR') . '/public/static', 0777, true);
$server = new Swoole\Http\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(array_merge([
    'worker_num' => 2,
    'upload_tmp_dir' => getenv('RS_DIR') . '/uploads',
    'enable_coroutine' => false,
    'package_max_length' => 300000,
    'document_root' => getenv('RS_DIR') . '/public',
    'enable_static_handler' => true,
], json_decode(getenv("RS_SET") ?: "[]", true)));

function warned(callable $call): array
{
    $said = [];
    set_error_handler(function (int $level, string $text) use (&$said) {
        $said[] = $text;
        return true;
    });
    $value = $call();
    restore_error_handler();
    return [$value, $said];
}

$kept = null;

$routes = [
    '/request' => function ($q, $r) {
        $server = $q->server;
        ksort($server);
        $r->header('Content-Type', 'application/json');
        $r->end(json_encode(['header' => $q->header, 'server' => $server, 'first' => array_key_first($q->server), 'get' => $q->get,
            'post' => $q->post, 'cookie' => $q->cookie, 'files' => $q->files, 'tmpfiles' => $q->tmpfiles, 'fd' => $q->fd,
            'stream' => $q->streamId, 'raw' => base64_encode($q->rawContent()), 'content' => $q->getContent() === $q->rawContent(),
            'method' => $q->getMethod(), 'data' => preg_match('//u', $q->getData()) ? $q->getData() : null, 'complete' => $q->isCompleted(), 'class' => get_class($q)]));
    },
    '/upload' => function ($q, $r) {
        $tmp = $q->files['f']['tmp_name'];
        $out = ['is' => is_uploaded_file($tmp), 'prefix' => strpos(basename($tmp), 'swoole.upfile.'), 'dir' => dirname($tmp),
            'text' => file_get_contents($tmp), 'moved' => move_uploaded_file($tmp, getenv('RS_DIR') . '/moved')];
        $out['there'] = file_exists($tmp);
        $r->end(json_encode($out));
    },
    '/dynamic' => function ($q, $r) {
        $q->mine = 1;
        $r->mine = 2;
        $r->end((string) ($q->mine + $r->mine));
    },
    '/status' => fn ($q, $r) => [$r->status((int) $q->get['code'], $q->get['reason'] ?? ''), $r->end('x')],
    '/headers' => function ($q, $r) {
        $r->header('x-aa-bb', 'one');
        $r->header('X-AA-BB', 'two');
        $r->header('x-raw', 'three', false);
        $r->header('x-list', ['a', 'b', null, 3]);
        $r->setHeader('x-int', 5);
        $r->header('x-null', null);
        $got = [$r->header['X-Aa-Bb'], $r->header['x-raw'], $r->header['X-Int']];
        $r->end(json_encode($got));
    },
    '/defaults' => function ($q, $r) {
        foreach (explode(',', $q->get['drop'] ?? '') as $name) {
            $name && $r->header($name, '');
        }
        $r->end('d');
    },
    '/split' => function ($q, $r) {
        $r->header('X-Bad', "a\r\nX-Evil: 1");
        [, $said] = warned(fn () => $r->end('ok'));
        file_put_contents(getenv('RS_DIR') . '/said', json_encode($said));
    },
    '/longkey' => fn ($q, $r) => $r->end(json_encode(warned(fn () => $r->header(str_repeat('k', 128), 'v')))),
    '/cookies' => function ($q, $r) {
        $r->cookie('a', 'b c;d');
        $r->setCookie('e', 'f', 2000000000, '/p', 'example.org', true, true, 'Lax', 'High');
        $r->rawcookie('raw', 'x%20y');
        $r->cookie('gone');
        $r->cookie('nulls', 'v', 0, null, null);
        $r->end('c');
    },
    '/badcookies' => fn ($q, $r) => $r->end(json_encode([
        warned(fn () => $r->cookie('a=b', 'v')), warned(fn () => $r->cookie('far', 'v', PHP_INT_MAX >> 8)),
        warned(fn () => $r->rawcookie('a', "v\r\nX: y")), $r->cookie])),
    '/write' => function ($q, $r) {
        $r->write('one');
        $out = [$r->header('X-Late', '1'), $r->status(404), warned(fn () => $r->write('')), warned(fn () => $r->sendfile(__FILE__)),
            warned(fn () => $r->redirect('/')), warned(fn () => $r->gzip())];
        $r->write(json_encode($out));
        $r->end('last');
    },
    '/end2' => function ($q, $r) {
        $first = $r->end('x');
        file_put_contents(getenv('RS_DIR') . '/end2', json_encode([$first, $r->end('y'), $r->write('z'), $r->isWritable(), $r->header('a', 'b'),
            $r->status(500), $r->cookie('a', 'b'), $r->detach()]));
    },
    '/noend' => fn ($q, $r) => null,
    '/writenoend' => fn ($q, $r) => $r->write('part'),
    '/throw' => function ($q, $r) {
        throw new RuntimeException('route fails');
    },
    '/exit' => function ($q, $r) {
        exit(3);
    },
    '/fatal' => function ($q, $r) {
        ini_set('memory_limit', '8M');
        $s = str_repeat('x', 50 << 20);
        $r->end($s);
    },
    '/keep' => function ($q, $r) use (&$kept) {
        $kept = $r;
        Swoole\Timer::after(50, function () use (&$kept) {
            $kept->end('later');
            $kept = null;
        });
    },
    '/detach' => function ($q, $r) {
        $out = $r->detach();
        $out2 = [$r->end('no'), $r->isWritable()];
        $new = Swoole\Http\Response::create($q->fd);
        $new->end(json_encode([$out, $out2]));
    },
    '/create' => function ($q, $r) use ($server) {
        $r->end(json_encode([warned(fn () => Swoole\Http\Response::create($server, 999999)), warned(fn () => Swoole\Http\Response::create('x')),
            Swoole\Http\Response::create(999999)->end('x')]));
    },
    '/file' => function ($q, $r) {
        file_put_contents(getenv('RS_DIR') . '/data.css', '0123456789');
        $r->sendfile(getenv('RS_DIR') . '/data.css', (int) ($q->get['o'] ?? 0), (int) ($q->get['n'] ?? 0));
    },
    '/emptyfile' => function ($q, $r) {
        file_put_contents(getenv('RS_DIR') . '/empty.html', '');
        $r->sendfile(getenv('RS_DIR') . '/empty.html');
    },
    '/badfiles' => fn ($q, $r) => $r->end(json_encode([warned(fn () => $r->sendfile('/nonexistent')), warned(fn () => $r->sendfile('/')),
        warned(fn () => $r->sendfile(__FILE__, 1 << 30)), warned(fn () => $r->sendfile(__FILE__, 0, 1 << 30)), $r->isWritable()])),
    '/redirect' => fn ($q, $r) => isset($q->get['code']) ? $r->redirect('/to', (int) $q->get['code']) : $r->redirect('/to'),
    '/big' => fn ($q, $r) => $r->end(str_repeat('b', (int) $q->get['n'])),
    '/gzip' => function ($q, $r) {
        $r->gzip(9);
        $r->end('zz');
    },
    '/nogzip' => function ($q, $r) {
        $r->header('Content-Encoding', '');
        $r->end(str_repeat('n', 500));
    },
    '/length' => function ($q, $r) {
        $r->header('Content-Length', $q->get['n']);
        $r->end('12345');
    },
    '/trailer' => function ($q, $r) {
        $r->trailer('X-T', 'tail');
        $r->write('w');
        $r->end();
    },
    '/echo' => function ($q, $r) {
        echo "to the terminal\n";
        $r->end('quiet');
    },
    '/worker' => fn ($q, $r) => $r->end(json_encode([$server->worker_id, getmypid()])),
];

$server->on('request', function ($q, $r) use ($routes) {
    $route = $routes[$q->server['path_info']] ?? null;
    if ($route) {
        $route($q, $r);
    } else {
        $r->status(404);
        $r->end('no route');
    }
});
$server->start();
