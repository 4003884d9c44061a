<?php

declare(strict_types=1);

namespace App\Http\Controllers\Testing;

use App\Http\Controllers\Controller;
use App\Models\User;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Gate;

/** Who is it? Asked in every way the framework has. */
class AuthTestController extends Controller
{
    public function login(Request $request): JsonResponse
    {
        Auth::login(User::query()->where('email', $request->query('user') . '@example.test')->firstOrFail());
        $request->session()->put('tag', $request->query('tag', ''));

        return $this->whoami($request);
    }

    public function whoami(Request $request): JsonResponse
    {
        return new JsonResponse([
            'request' => $request->user()?->email,
            'auth' => Auth::user()?->email,
            'helper' => auth()->user()?->email,
            'api' => Auth::guard('api')->user()?->email,
            'gate' => Gate::forUser($request->user())->allows('nothing'),
            'default_guard' => Auth::getDefaultDriver(),
            'tag' => $request->hasSession() ? $request->session()->get('tag') : null,
            'helper_tag' => $request->hasSession() ? session('tag') : null,
            'store' => $request->hasSession() && app('session.store') === $request->session(),
        ]);
    }

    public function session(Request $request): JsonResponse
    {
        $request->session()->put('count', $count = 1 + (int) $request->session()->get('count', 0));

        return new JsonResponse(['count' => $count, 'id' => $request->session()->getId()]);
    }
}
