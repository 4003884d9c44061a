<?php

declare(strict_types=1);

/* In the style of Laravel 11: no kernel classes in app/, everything is built in bootstrap/app.php. */

require __DIR__ . '/lib/worker.php';

$worker = new Worker(scaffold('slim'), ['register_providers' => ['Illuminate\Hashing\HashServiceProvider', 'No\Such\Provider']]);
same(['framework' => app()->version(), 'console' => false], $worker->get('/')->json(), 'it boots and serves');
same([422, ['error' => 'handled in bootstrap/app.php']], [($a = $worker->get('/fail'))->status, $a->json()], 'its exception handling');
same(['value' => null], $worker->get('/empty?value=')->json(), 'its middleware');
same("Hello slim\n", $worker->get('/view')->body, 'its views');
same([1, 2, 3], array_map(static fn (): int => $worker->get('/count')->json()['count'], [1, 2, 3]), 'its sessions');
same(404, $worker->get('/nowhere')->status, 'a page that is not there');
check(app()->bound('hash') === false, 'a registered provider ends with its request');
check(str_contains(implode("\n", array_column(Rserverd\Shim::$log, 1)), 'no class No\Such\Provider'), 'one that does not exist is named');
done();
