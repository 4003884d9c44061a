<?php

declare(strict_types=1);

/*
 * The front controller of php-fpm and `php -S`: what the resident server is compared with.
 */

use Illuminate\Contracts\Http\Kernel;
use Illuminate\Http\Request;

define('LARAVEL_START', microtime(true));

require dirname(__DIR__) . '/vendor/autoload.php';

$kernel = (require dirname(__DIR__) . '/bootstrap/app.php')->make(Kernel::class);
$response = $kernel->handle($request = Request::capture())->send();
$kernel->terminate($request, $response);
