<?php

declare(strict_types=1);

/* The distribution's php-laravel-framework; the application has no classes of its own. */

require_once 'Illuminate/autoload.php';
