<?php

declare(strict_types=1);

namespace App\Processes;

class DisabledProcess extends Base
{
    use Returns;

    public static function getName()
    {
        return 'disabled';
    }
}
