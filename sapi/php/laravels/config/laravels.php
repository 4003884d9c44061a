<?php

declare(strict_types=1);

/*
 * The server's settings. They are read when it starts; a reload reads .env, the other configuration and the code anew.
 * What laravels.ini says comes before what is said here. All keys: laravels.ini(5).
 */

return [
    // The main port. Of a Unix socket listen_ip is the path, with socket_type 5 (SWOOLE_SOCK_UNIX_STREAM).
    'listen_ip' => env('LARAVELS_LISTEN_IP', '127.0.0.1'),
    'listen_port' => env('LARAVELS_LISTEN_PORT', 5200),
    'socket_type' => defined('SWOOLE_SOCK_TCP') ? SWOOLE_SOCK_TCP : 1,

    // Value of the Server header; '' sends none.
    'server' => env('LARAVELS_SERVER', ''),

    // Files below swoole.document_root are served without PHP.
    'handle_static' => env('LARAVELS_HANDLE_STATIC', false),

    // Where the application is. With releases behind a link: the link, it is followed anew by each reload.
    'laravel_base_path' => env('LARAVEL_BASE_PATH', base_path()),

    // Development: reload when a file changes. Or run bin/fswatch or bin/inotify.
    'inotify_reload' => [
        'enable' => env('LARAVELS_INOTIFY_RELOAD', false),
        'watch_path' => base_path(),
        'file_types' => ['.php'],
        'excluded_dirs' => [],
        'log' => true,
    ],

    // ServerStart, ServerStop, WorkerStart, WorkerStop, WorkerError => a class, or a list of classes.
    'event_handlers' => [],

    // WebSocket on the main port. The route of its path answers first; with the gate, an answer of 300 or more is sent
    // instead of opening the connection.
    'websocket' => [
        'enable' => false,
        // 'handler' => App\Services\WebSocketService::class,
        'gate' => true,
    ],

    // Further ports: host, port, type (SWOOLE_SOCK_TCP ...), handler, settings, enable, optional.
    'sockets' => [],

    // Processes of your own: name => class, redirect, pipe, enable, num, queue, restart_interval.
    'processes' => [],

    // Jobs by the clock, in a process of their own: a class, or [class, [milliseconds, run at once]].
    'timer' => [
        'enable' => env('LARAVELS_TIMER', false),
        'jobs' => [
            // The scheduler of the framework, each minute.
            // Hhxsv5\LaravelS\Illuminate\LaravelScheduleJob::class,
        ],
        'max_wait_time' => 5,
        // Of several servers one runs the jobs; needs Redis.
        'global_lock' => false,
        'global_lock_key' => config('app.name', ''),
    ],

    // Event class => listener classes, beside those that the event itself names.
    'events' => [],

    // Tables in memory for all processes: app('swoole')->NAMETable.
    'swoole_tables' => [],

    // Providers that are registered and booted again before every request.
    'register_providers' => [],

    // Classes that clean up after every request. Those for the framework run anyway.
    'cleaners' => [],

    // A route's controller is made anew for every request; excluded_list: these stay.
    'destroy_controllers' => [
        'enable' => true,
        'excluded_list' => [],
    ],

    'swoole' => [
        // 0 chooses by the number of processors.
        'worker_num' => env('LARAVELS_WORKER_NUM', 0),
        // Tasks and asynchronous events need at least one.
        'task_worker_num' => env('LARAVELS_TASK_WORKER_NUM', 0),
        // A worker is replaced after so many; 0 never.
        'max_request' => env('LARAVELS_MAX_REQUEST', 100000),
        'task_max_request' => env('LARAVELS_TASK_MAX_REQUEST', 100000),
        // 0 debug, 1 trace, 2 info, 3 notice, 4 warning, 5 error, 6 none.
        'log_level' => env('LARAVELS_LOG_LEVEL', 2),
        'document_root' => base_path('public'),
        // Bytes: the longest request or frame, what may be sent ahead of a client, what may wait for one.
        'package_max_length' => 4 * 1024 * 1024,
        'buffer_output_size' => 2 * 1024 * 1024,
        'socket_buffer_size' => 8 * 1024 * 1024,
        // Seconds that running work gets when the server reloads or stops.
        'max_wait_time' => 60,
    ],
];
