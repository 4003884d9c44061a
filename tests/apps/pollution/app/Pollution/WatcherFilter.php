<?php

declare(strict_types=1);

namespace App\Pollution;

class WatcherFilter extends \php_user_filter
{
}
