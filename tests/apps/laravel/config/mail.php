<?php

declare(strict_types=1);

return [
    'default' => 'log',
    'mailers' => ['log' => ['transport' => 'log']],
    'from' => ['address' => 'demo@example.test', 'name' => 'Demo'],
    'markdown' => ['theme' => 'default', 'paths' => []],
];
