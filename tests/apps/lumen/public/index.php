<?php

declare(strict_types=1);

/*
 * The front controller of php-fpm: what the resident server is compared with.
 */

$app = require dirname(__DIR__) . '/bootstrap/app.php';
$app->run();
