<?php

declare(strict_types=1);

/*
 * What config('laravels') shows an application that does not say otherwise: the server's own defaults, see
 * docs/CONFIG.md.
 */

return [
    'listen_ip' => '127.0.0.1',
    'listen_port' => 5200,
    'socket_type' => 1,
    'server' => '',
    'handle_static' => false,
    'laravel_base_path' => base_path(),
    'inotify_reload' => ['enable' => false],
    'event_handlers' => [],
    'websocket' => ['enable' => false],
    'sockets' => [],
    'processes' => [],
    'timer' => ['enable' => false, 'jobs' => []],
    'events' => [],
    'swoole_tables' => [],
    'register_providers' => [],
    'cleaners' => [],
    'destroy_controllers' => ['enable' => true, 'excluded_list' => []],
    'swoole' => [],
];
