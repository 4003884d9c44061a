<?php

declare(strict_types=1);

namespace App\Processes;

class ThrowingProcess extends Base
{
    use Throws;

    public static function getName()
    {
        return 'throwing';
    }
}
