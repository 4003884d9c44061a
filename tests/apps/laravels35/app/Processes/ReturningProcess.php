<?php

declare(strict_types=1);

namespace App\Processes;

class ReturningProcess extends Base
{
    use Returns;

    public static function getName()
    {
        return 'returning';
    }
}
