<?php

/*
 * config/laravels.php as LaravelS 3.5 publishes it, with every feature in use. The ports come from the environment, since
 * tests run beside each other; so does how long things take.
 */

return [
    'listen_ip' => env('LARAVELS_LISTEN_IP', '127.0.0.1'),
    'listen_port' => env('LARAVELS_LISTEN_PORT', 5200),
    'socket_type' => defined('SWOOLE_SOCK_TCP') ? SWOOLE_SOCK_TCP : 1,
    'enable_coroutine_runtime' => false,
    'server' => env('LARAVELS_SERVER', 'LaravelS'),
    'handle_static' => env('LARAVELS_HANDLE_STATIC', false),
    'laravel_base_path' => env('LARAVEL_BASE_PATH', base_path()),
    'inotify_reload' => [
        'enable' => env('LARAVELS_INOTIFY_RELOAD', false),
        'watch_path' => base_path(),
        'file_types' => ['.php'],
        'excluded_dirs' => [],
        'log' => true,
    ],
    'event_handlers' => [
        'ServerStart' => \App\Events\ServerStartEvent::class,
        'ServerStop' => \App\Events\ServerStopEvent::class,
        'WorkerStart' => \App\Events\WorkerStartEvent::class,
        'WorkerStop' => \App\Events\WorkerStopEvent::class,
        'WorkerError' => \App\Events\WorkerErrorEvent::class,
    ],
    'websocket' => [
        'enable' => true,
        'handler' => env('WS_HANDLER', \App\Services\WebSocketService::class),
    ],
    'sockets' => [
        [
            'host' => '127.0.0.1',
            'port' => env('PORT_EOF', 5291),
            'type' => SWOOLE_SOCK_TCP,
            'settings' => [
                'open_eof_check' => true,
                'package_eof' => "\r\n",
            ],
            'handler' => \App\Sockets\EofSocket::class,
        ],
        [
            'host' => '127.0.0.1',
            'port' => env('PORT_LENGTH', 5295),
            'type' => SWOOLE_SOCK_TCP,
            'settings' => [
                'open_length_check' => true,
                'package_length_type' => 'N',
                'package_length_offset' => 0,
                'package_body_offset' => 4,
                'package_max_length' => 65536,
            ],
            'handler' => \App\Sockets\LengthSocket::class,
        ],
        [
            'host' => '127.0.0.1',
            'port' => env('PORT_UDP', 5292),
            'type' => SWOOLE_SOCK_UDP,
            'settings' => [
                'open_eof_check' => true,
                'package_eof' => "\r\n",
            ],
            'handler' => \App\Sockets\DatagramSocket::class,
        ],
        [
            'host' => '127.0.0.1',
            'port' => env('PORT_HTTP', 5293),
            'type' => SWOOLE_SOCK_TCP,
            'settings' => [
                'open_http_protocol' => true,
            ],
            'handler' => \App\Sockets\HttpSocket::class,
        ],
        [
            'host' => '127.0.0.1',
            'port' => env('PORT_WS', 5294),
            'type' => SWOOLE_SOCK_TCP,
            'settings' => [
                'open_http_protocol' => true,
                'open_websocket_protocol' => true,
            ],
            'handler' => \App\Sockets\ChatSocket::class,
        ],
    ],
    'processes' => [
        \App\Processes\InboxProcess::class,
        [
            'class' => \App\Processes\PipeProcess::class,
            'redirect' => false,
            'pipe' => 1,
        ],
        [
            'class' => \App\Processes\BlockingProcess::class,
            'redirect' => false,
            'pipe' => 0,
            'enable' => true,
        ],
        [
            'class' => \App\Processes\ReturningProcess::class,
            'redirect' => false,
            'pipe' => 0,
        ],
        [
            'class' => \App\Processes\ThrowingProcess::class,
            'redirect' => false,
            'pipe' => 0,
        ],
        [
            'class' => \App\Processes\PrintingProcess::class,
            'redirect' => true,
            'pipe' => 2,
        ],
        [
            'class' => \App\Processes\DisabledProcess::class,
            'redirect' => false,
            'pipe' => 0,
            'enable' => false,
        ],
    ],
    'timer' => [
        'enable' => true,
        'jobs' => [
            \App\Jobs\Timer\TickJob::class,
            [\App\Jobs\Timer\ConfiguredJob::class, [3600000, true]],
            \App\Jobs\Timer\StopJob::class,
            \App\Jobs\Timer\ThrowingJob::class,
            \App\Jobs\Timer\InboxJob::class,
        ],
        'max_wait_time' => 5,
    ],
    'events' => [
        \App\Tasks\CodeEvent::class => [
            \App\Tasks\FirstListener::class,
            \App\Tasks\SecondListener::class,
        ],
        \App\Tasks\OtherEvent::class => [
            \App\Tasks\FirstListener::class,
            \App\Tasks\ThirdListener::class,
        ],
    ],
    'swoole_tables' => [
        'ws' => [
            'size' => 102400,
            'column' => [
                ['name' => 'value', 'type' => \Swoole\Table::TYPE_INT, 'size' => 8],
            ],
        ],
        'mixed' => [
            'size' => 1024,
            'column' => [
                ['name' => 'n', 'type' => \Swoole\Table::TYPE_INT, 'size' => 4],
                ['name' => 'f', 'type' => \Swoole\Table::TYPE_FLOAT],
                ['name' => 's', 'type' => \Swoole\Table::TYPE_STRING, 'size' => 32],
            ],
        ],
    ],
    'register_providers' => [
        \App\Providers\ProvidesEachRequest::class,
    ],
    'cleaners' => [
        \App\Cleaners\RemembersCleaner::class,
        \Hhxsv5\LaravelS\Illuminate\Cleaners\SessionCleaner::class,
        \Hhxsv5\LaravelS\Illuminate\Cleaners\AuthCleaner::class,
    ],
    'destroy_controllers' => [
        'enable' => true,
        'excluded_list' => [],
    ],
    'swoole' => [
        'daemonize' => env('LARAVELS_DAEMONIZE', false),
        // Must set dispatch_mode in (2, 4, 5)
        'dispatch_mode' => 2,
        'reactor_num' => env('LARAVELS_REACTOR_NUM', function_exists('swoole_cpu_num') ? swoole_cpu_num() * 2 : 4),
        'worker_num' => env('LARAVELS_WORKER_NUM', function_exists('swoole_cpu_num') ? swoole_cpu_num() * 2 : 8),
        'task_worker_num' => env('LARAVELS_TASK_WORKER_NUM', function_exists('swoole_cpu_num') ? swoole_cpu_num() * 2 : 8),
        'task_ipc_mode' => 1,
        'task_max_request' => env('LARAVELS_TASK_MAX_REQUEST', 8000),
        'task_tmpdir' => @is_writable('/dev/shm/') ? '/dev/shm' : '/tmp',
        'max_request' => env('LARAVELS_MAX_REQUEST', 8000),
        'open_tcp_nodelay' => true,
        'pid_file' => storage_path('laravels.pid'),
        'log_file' => storage_path(sprintf('logs/swoole-%s.log', date('Y-m'))),
        'log_level' => 4,
        'document_root' => base_path('public'),
        'buffer_output_size' => 2 * 1024 * 1024,
        'socket_buffer_size' => 128 * 1024 * 1024,
        'package_max_length' => 4 * 1024 * 1024,
        'reload_async' => true,
        'max_wait_time' => 60,
        'enable_reuse_port' => true,
        'enable_coroutine' => false,
        'http_compression' => false,

        // Slow log
        // 'request_slowlog_timeout' => 2,
        // 'request_slowlog_file'    => storage_path(sprintf('logs/slow-%s.log', date('Y-m'))),
        // 'trace_event_worker'      => true,
    ],
];
